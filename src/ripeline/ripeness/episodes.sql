-- Every episode of every lead as of a moment: when it began, whence it came, when it ripened, was let go or taken up anew.
-- Read by ripeness/episodes.py as a binary COPY: every column has a fixed width and none is null (a missing day is NaN, a
-- missing id is zero). Nothing after the moment has any effect. What an import tells of the past counts from the day that
-- it tells of; all else also has to have been written down by then.
WITH told AS (
    SELECT a.id, a.lead_id, a.kind, a.occurred_at AS at, a.data, a.data ? 'imported' AS imported
    FROM activity AS a
    WHERE a.kind IN ('opportunity', 'won', 'lost', 'disqualified', 'reopened', 'undone', 'merged')
      AND a.occurred_at <= %(as_of)s AND (a.data ? 'imported' OR a.recorded_at <= %(as_of)s)
), happened AS (
    SELECT * FROM told WHERE kind NOT IN ('undone', 'merged')
      AND id NOT IN (SELECT (data->>'of')::uuid FROM told WHERE kind = 'undone' AND data ? 'of')
), merges AS (  -- the last merge that moved each duplicate, and what had been merged into it
    SELECT DISTINCT ON (moved.id) moved.id::uuid AS id, told.lead_id AS root
    FROM told CROSS JOIN LATERAL (
        SELECT told.data->>'duplicate' AS id
        UNION ALL SELECT jsonb_array_elements_text(COALESCE(told.data->'moved', '[]'::jsonb))
    ) AS moved
    WHERE told.kind = 'merged' ORDER BY moved.id, told.at DESC
), member AS MATERIALIZED (  -- which lead each record belongs to: itself (own), or the one it was merged into
    SELECT lead.id, merges.root IS NULL OR lead.merged_into_id IS NULL AS own,
           CASE WHEN lead.merged_into_id IS NULL THEN lead.id ELSE COALESCE(merges.root, lead.id) END AS root,
           lead.episode::int AS episode, lead.episode_at, lead.source_id, lead.owner_id, lead.won_before_captured,
           lead.import_run_id IS NOT NULL OR lead.created_at <= %(as_of)s AS was_here
    FROM lead LEFT JOIN merges ON merges.id = lead.id
), came AS MATERIALIZED (
    SELECT member.root AS lead_id, member.own, e.episode::int AS episode, e.captured_at AS at, e.created_at,
           e.source_id, e.campaign_id, e.import_run_id
    FROM enquiry AS e JOIN member ON member.id = e.lead_id
    WHERE e.captured_at <= %(as_of)s AND (e.door = 'import' OR e.created_at <= %(as_of)s)
), known AS (  -- when each episode began, from the best witness that there is
    SELECT lead_id, episode,
           COALESCE(min(at) FILTER (WHERE witness = 1), min(at) FILTER (WHERE witness = 2), min(at)) AS at
    FROM (
        SELECT id AS lead_id, episode, episode_at AS at, 1 AS witness FROM member WHERE own AND was_here
        UNION ALL
        SELECT member.id, COALESCE((data->'after'->>'episode')::int, 2),
               COALESCE((data->'after'->>'episode_at')::timestamptz, at), 2
        FROM happened JOIN member ON member.id = happened.lead_id AND member.own WHERE kind = 'reopened'
        UNION ALL
        SELECT lead_id, episode, at, 3 FROM came WHERE own
    ) AS witnesses GROUP BY lead_id, episode
), earlier AS (  -- a duplicate that came first began the talk, unless that was more than a year before
    SELECT came.lead_id, min(came.at) AS at FROM came JOIN known USING (lead_id)
    WHERE NOT came.own AND known.episode = 1 AND came.at < known.at AND came.at > known.at - interval '365 days'
    GROUP BY came.lead_id
), span AS MATERIALIZED (
    SELECT lead_id, episode, at, lead(at) OVER (PARTITION BY lead_id ORDER BY at, episode) AS following,
           row_number() OVER (PARTITION BY lead_id ORDER BY at, episode) = 1 AS is_first
    FROM (
        SELECT known.lead_id, known.episode, LEAST(known.at, earlier.at) AS at
        FROM known LEFT JOIN earlier ON earlier.lead_id = known.lead_id AND known.episode = 1
        WHERE known.at <= %(as_of)s
    ) AS begun
), event AS (
    SELECT member.root AS lead_id, h.at, h.imported, member.own,
           CASE
               WHEN h.kind = 'opportunity' THEN 'opportunity'
               WHEN h.kind = 'won' THEN 'won'
               WHEN h.kind = 'disqualified' THEN 'final'
               WHEN h.data->>'reason' = 'bought_elsewhere' THEN 'elsewhere'
               WHEN h.imported AND (h.data->>'amount' IS NOT NULL OR h.data->>'product' <> '') THEN 'opportunity'
               WHEN reason.id IS NOT NULL AND reason.recycle_days IS NULL THEN 'final'
               ELSE 'recyclable'
           END AS what
    FROM happened AS h JOIN member ON member.id = h.lead_id
    LEFT JOIN close_reason AS reason ON reason.code = h.data->>'reason'
    WHERE h.kind <> 'reopened'
), ended AS (  -- of each episode in which something happened
    SELECT span.lead_id, span.episode,
           min(moment) FILTER (WHERE what IN ('opportunity', 'won', 'elsewhere')) AS ripe_at,
           min(moment) FILTER (WHERE what = 'won') AS won_at,
           min(moment) FILTER (WHERE what = 'final' AND moment >= span.at) AS final_at,
           min(moment) FILTER (WHERE what = 'recyclable' AND moment >= span.at) AS recyclable_at
    FROM span JOIN event ON event.lead_id = span.lead_id
        AND (event.at >= span.at OR (span.is_first AND event.own))
        AND (span.following IS NULL OR event.at < span.following)
    CROSS JOIN LATERAL (  -- a file knows the day only: the day they came to us is not before it
        SELECT CASE WHEN event.imported AND event.at < span.at AND event.at > span.at - interval '1 day'
                    THEN span.at ELSE event.at END AS moment
    ) AS told_day
    GROUP BY span.lead_id, span.episode
), credit AS (  -- the enquiry that began it: the last one up to then, else the first one after
    SELECT DISTINCT ON (span.lead_id, span.episode) span.lead_id, span.episode, came.source_id, came.campaign_id,
           came.import_run_id, came.created_at, came.at
    FROM span JOIN came ON came.lead_id = span.lead_id AND (span.following IS NULL OR came.at < span.following)
    ORDER BY span.lead_id, span.episode, came.at > span.at, abs(date_part('epoch', came.at - span.at))
)
SELECT span.lead_id, span.episode, date_part('epoch', span.at) / 86400,
       date_part('epoch', GREATEST(span.at, credit.created_at)) / 86400,
       COALESCE(date_part('epoch', ended.ripe_at) / 86400, 'NaN'),
       COALESCE(date_part('epoch', ended.won_at) / 86400, 'NaN'),
       COALESCE(date_part('epoch', CASE WHEN ended.ripe_at IS NULL THEN ended.final_at END) / 86400, 'NaN'),
       COALESCE(date_part('epoch', LEAST(ended.recyclable_at, span.following)) / 86400, 'NaN'),
       span.is_first AND member.won_before_captured,
       NOT span.is_first AND (credit.at IS NULL OR abs(date_part('epoch', credit.at - span.at)) > 86400),
       COALESCE(credit.source_id, member.source_id, %(nobody)s), COALESCE(credit.campaign_id, %(nobody)s),
       COALESCE(member.owner_id, %(nobody)s), COALESCE(credit.import_run_id, %(nobody)s),
       COALESCE(array_position(%(types)s::text[], source.source_type::text), 0)
FROM span
JOIN member ON member.id = span.lead_id
LEFT JOIN ended ON ended.lead_id = span.lead_id AND ended.episode = span.episode
LEFT JOIN credit ON credit.lead_id = span.lead_id AND credit.episode = span.episode
LEFT JOIN source ON source.id = COALESCE(credit.source_id, member.source_id)
ORDER BY span.lead_id, span.episode
