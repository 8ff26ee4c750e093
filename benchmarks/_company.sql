-- A believable company of any size, drawn by hashes of a number: the same numbers give the same company.
-- What the statements share lies in a schema of their own, `bench`, which goes when all is made.

-- name: tools
CREATE SCHEMA bench;
CREATE FUNCTION bench.dice(n bigint, seed bigint) RETURNS float8 IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT (hashint8extended(n, seed) & 4294967295)::float8 / 4294967296.0 $$;
CREATE FUNCTION bench.one(words text[], dice float8) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT words[1 + floor(dice * cardinality(words))::int] $$;
CREATE FUNCTION bench.id_at(at timestamptz, n bigint, j int) RETURNS uuid IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT overlay(overlay(md5(n || ':' || j)  -- a UUIDv7: the moment first, so that ids sort by birth
        PLACING lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0') || '7' FROM 1 FOR 13)
        PLACING '8' FROM 17 FOR 1)::uuid $$;
CREATE FUNCTION bench.word(n bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT bench.one('{north,gable,alder,copper,river,summit,marble,falcon,harbor,cedar,iron,delta,amber,quartz,willow,
    beacon,cobalt,granite,orchid,pioneer,sable,tundra,vector,zephyr,linden,meadow,onyx,prairie,raven,sierra}',
    bench.dice(n, 71)) || bench.one('{works,tec,soft,line,med,labs,trade,foods,build,energy,logic,parts,group,data,steel,
    optics,print,farm,rail,pack}', bench.dice(n, 72)) || n $$;

-- name: drawn
-- Where each lead stands. The last are the newest; few are quite new, most are years old and closed or left to ripen.
CREATE UNLOGGED TABLE bench.drawn AS
SELECT n, bench.id_at(captured_at, n, 0) AS id, captured_at, age, state, account, rep,
    state NOT IN ('won', 'lost', 'disqualified') AS is_open,
    CASE WHEN state = 'new' OR rep IS NULL THEN captured_at
         WHEN state IN ('won', 'lost', 'disqualified') THEN moment - age * (0.1 + 0.7 * bench.dice(n, 3)) * interval '1 day'
         ELSE moment - least(age * 0.9, 25 * bench.dice(n, 3)) * interval '1 day' END AS ended_at,
    CASE WHEN state = 'new' OR rep IS NULL THEN 1
         ELSE 2 + least(floor(-ln(1 - bench.dice(n, 4)) * each_has), age, 150)::int END AS entries
FROM (
    SELECT n, age, account, moment, each_has, moment - age * interval '1 day' AS captured_at,
        CASE WHEN bench.dice(n, 5) < 0.3 AND age < 10 OR reps = 0 THEN NULL
             ELSE 1 + floor(bench.dice(account, 6) * reps)::int END AS rep,
        CASE WHEN age < 10 THEN (ARRAY['new', 'qualifying', 'working', 'opportunity', 'disqualified'])[
                1 + width_bucket(luck, ARRAY[0.55, 0.63, 0.93, 0.95])]
             WHEN age < 120 THEN (ARRAY['working', 'opportunity', 'nurture', 'won', 'lost', 'disqualified'])[
                1 + width_bucket(luck, ARRAY[0.30, 0.36, 0.70, 0.75, 0.90])]
             ELSE (ARRAY['working', 'opportunity', 'nurture', 'won', 'lost', 'disqualified'])[
                1 + width_bucket(luck, ARRAY[0.04, 0.052, 0.452, 0.562, 0.862])] END AS state
    FROM (
        SELECT n, moment, each_has, cardinality(reps) AS reps, bench.dice(n, 1) AS luck,
            1000 * power((leads - n + bench.dice(n, 2)) / leads, 1.15) AS age,
            1 + floor(bench.dice(n, 7) * greatest(leads / 4, 1))::bigint AS account
        FROM bench.given, generate_series(1, leads) AS n
    ) AS thrown
) AS placed;
ANALYZE bench.drawn;

-- name: account
SELECT bench.id_at(moment - interval '1000 days', n, -1) AS id, 'd:' || word || '.example' AS key,
    initcap(word) || ' Ltd' AS name, word || '.example' AS domain, moment - interval '1000 days' AS created_at
FROM (SELECT n, bench.word(n) AS word, moment FROM bench.given, generate_series(1, greatest(leads / 4, 1)) AS n) AS made

-- name: lead
SELECT id, name, title, email, phone, initcap(word) || ' Ltd' AS company,
    bench.id_at(moment - interval '1000 days', account, -1) AS account_id,
    CASE WHEN n % 5 = 0 THEN 'CRM-' || n ELSE '' END AS reference, country, 'en' AS language,
    jsonb_build_object('seats', (5 * (1 + n % 40))::text, 'region', bench.one('{North,South,East,West}', bench.dice(n, 20)))
        AS custom,
    -- as leads.words.searching.search_tokens
    concat_ws(' ', lower(name), word, 'ltd', NULLIF(lower(title), ''), CASE WHEN n % 5 = 0 THEN 'crm ' || n END,
        lower(first), lower(last), n, 'example', email, word || '.example', CASE WHEN phone <> '' THEN
        concat_ws(' ', digits, substr(digits, 2), substr(digits, 3), substr(digits, 4), substr(digits, 5),
            substr(digits, 6), substr(digits, 7)) END) AS search,
    source_id, captured_at, CASE WHEN old THEN 2 ELSE 1 END AS episode,
    CASE WHEN old THEN captured_at + interval '365 days' ELSE captured_at END AS episode_at,
    CASE WHEN state IN ('opportunity', 'won') THEN round((1000 * (1 + 40 * bench.dice(n, 21)))::numeric, -2) END AS amount,
    'EUR' AS currency, state, ended_at AS state_at,
    reps[rep] AS owner_id,
    CASE WHEN rep IS NULL THEN queue WHEN state = 'nurture' THEN keep_in_touch ELSE desks[rep] END AS responsible_id,
    CASE WHEN NOT is_open THEN NULL
         WHEN state IN ('new', 'qualifying') OR rep IS NULL THEN greatest(captured_at, moment - interval '2 days')
         WHEN state = 'nurture' THEN morning + (2 + floor(180 * dice)) * interval '1 day'
         ELSE morning + (floor(60 * power(dice, 1.3)) - 1) * interval '1 day' END AS next_at,
    CASE WHEN is_open THEN ended_at END AS next_set_at,
    CASE WHEN NOT is_open THEN '' WHEN rep IS NULL THEN 'qualify' WHEN state = 'new' THEN 'first_contact'
         WHEN state = 'nurture' THEN 'keep_in_touch' WHEN n % 12 = 0 THEN 'promise' ELSE 'follow_up' END AS next_kind,
    is_open AND state IN ('working', 'opportunity') AND n % 12 = 0 AS next_committed,
    CASE state WHEN 'won' THEN won_reason WHEN 'lost' THEN lost_reasons[1 + n % cardinality(lost_reasons)]
        WHEN 'disqualified' THEN unfit_reasons[1 + n % cardinality(unfit_reasons)] END AS close_reason_id,
    CASE WHEN NOT is_open THEN ended_at END AS closed_at,
    CASE WHEN NOT is_open THEN COALESCE(reps[rep], system) END AS closed_by_id,
    CASE WHEN touches > 0 THEN captured_at + (ended_at - captured_at) / greatest(entries - 1, 1) END AS first_touch_at,
    CASE WHEN touches > 0 THEN ended_at END AS last_touch_at,
    CASE WHEN touches > 1 THEN captured_at + (ended_at - captured_at) * bench.dice(n, 22) END AS last_reached_at,
    touches, least(touches, n % 4) AS unanswered,
    CASE WHEN entries > 1 THEN bench.id_at(ended_at, n, entries) END AS decision_id, captured_at AS created_at
FROM (
    SELECT *, bench.dice(n, 23) AS dice, date_trunc('day', moment) + interval '9 hours' AS morning,
        is_open AND age > 365 AS old, sources[1 + floor(power(bench.dice(n, 24), 2) * cardinality(sources))::int] AS source_id,
        greatest(entries - 1, 0) * 3 / 4 AS touches, first || ' ' || last AS name,
        lower(first) || '.' || lower(last) || '.' || n || '@' || word || '.example' AS email,
        CASE WHEN n % 2 = 0 THEN '+4420' || lpad((n % 100000000)::text, 8, '0') ELSE '' END AS phone,
        '4420' || lpad((n % 100000000)::text, 8, '0') AS digits,
        bench.one('{"","","",Director,CEO,"Head of Purchasing",Engineer,"Project Manager",Nurse,"Plant Manager"}',
            bench.dice(n, 25)) AS title,
        bench.one('{GB,DE,FR,US,PT,NL,PL,IT}', power(bench.dice(account, 26), 2)) AS country
    FROM (
        SELECT drawn.*, given.*, bench.word(account) AS word,
            bench.one('{Anna,Ben,Clara,David,Elena,Felix,Grace,Henry,Ines,Jonas,Karin,Liam,Maria,Noah,Olga,Paul,Priya,
                Ravi,Sofia,Tom,Uma,Victor,Wanda,Yara,Zoe,Amina,Bruno,Chen,Dana,Emil}', bench.dice(n, 27)) AS first,
            bench.one('{Keller,Raman,Ito,Novak,Silva,Meyer,Brown,Rossi,Dubois,Kowalski,Jensen,Costa,Okafor,Larsen,Weber,
                Moreau,Santos,Nowak,Fischer,Murphy,Haas,Petrov,Singh,Khan,Lopez,Abe,Duarte,Vogel,Laurent,Adeyemi,Berg,
                Conti,Dahl,Evans,Ferrari,Garcia,Horvat,Ivanov,Jansen,Klein}', bench.dice(n, 28)) AS last
        FROM bench.drawn, bench.given
    ) AS named
) AS described
ORDER BY n

-- name: identity
SELECT kind, key, id AS lead_id, captured_at AS created_at FROM (
    SELECT 'email' AS kind, email AS key, id, captured_at FROM lead
    UNION ALL SELECT 'external', reference, id, captured_at FROM lead WHERE reference <> ''
) AS known

-- name: enquiry
SELECT bench.id_at(at, n, 1000 + time) AS id, id AS lead_id, 1 AS episode, CASE WHEN n % 3 = 0 THEN 'form' ELSE 'import' END
        AS door, source_id, CASE WHEN dice < 0.4 THEN campaigns[1 + floor(dice * 2.5 * cardinality(campaigns))::int] END
        AS campaign_id,
    CASE WHEN n % 3 = 0 THEN 'https://www.example.com/' || bench.one('{quote,demo,white-paper,contact}', dice) ELSE '' END
        AS landing_page,
    CASE WHEN n % 3 = 0 THEN 'We are looking for ' || n % 90 || ' seats, please call me.' ELSE '' END AS message,
    at AS captured_at, at AS created_at
FROM (
    SELECT drawn.n, drawn.id, lead.source_id, time, bench.dice(drawn.n, 30 + time) AS dice, given.campaigns,
        drawn.captured_at + (drawn.ended_at - drawn.captured_at) * (time * 0.5) AS at
    FROM bench.drawn JOIN lead USING (id), bench.given, generate_series(0, 1) AS time WHERE time = 0 OR n % 12 = 0
) AS came

-- name: opportunity
SELECT bench.id_at(ended_at, n, 2000) AS id, id AS lead_id, 'made-' || n AS key, 'Offer ' || n AS name,
    COALESCE(amount, 2000) AS amount, 'EUR' AS currency, 'offer' AS stage,
    CASE WHEN state = 'opportunity' THEN 'open' ELSE state END AS state,
    ended_at AS opened_at, CASE WHEN state <> 'opportunity' THEN ended_at END AS closed_at
FROM (SELECT drawn.n, drawn.ended_at, lead.* FROM bench.drawn JOIN lead USING (id)) AS made
WHERE state IN ('opportunity', 'won') OR (state = 'lost' AND n % 3 = 0)

-- name: activity
-- One entry of each lead that has so many: entries of one lead lie as far apart on the disk as they do in time.
SELECT bench.id_at(at, n, j) AS id, id AS lead_id, kind, CASE j WHEN 1 THEN 'import' ELSE 'web' END AS origin,
    'made:' || n || ':' || j AS event_key, at AS occurred_at, at AS recorded_at, COALESCE(reps[rep], system) AS actor_id,
    CASE WHEN kind = 'note' THEN 'Spoke with the assistant; budget round in autumn.' ELSE '' END AS body,
    CASE WHEN kind IN ('call', 'email', 'meeting') THEN jsonb_build_object('disposition',
            CASE (n + j) % 3 WHEN 0 THEN 'no_answer' WHEN 1 THEN 'reached' ELSE 'still_working' END,
            'before', jsonb_build_object('next_at', at))
         WHEN kind = 'captured' THEN jsonb_build_object('door', 'import', 'source', '', 'why', '{}'::jsonb)
         WHEN kind IN ('lost', 'disqualified') THEN '{"label": "No budget", "before": {}}'
         ELSE '{"before": {}}' END AS data
FROM (
    SELECT drawn.*, j, given.reps, given.system,
        captured_at + (ended_at - captured_at) * ((j - 1)::float8 / greatest(entries - 1, 1)) AS at,
        CASE WHEN j = 1 THEN 'captured'
             WHEN j = entries AND NOT is_open THEN state
             WHEN j = entries AND state = 'opportunity' THEN 'opportunity'
             WHEN j = entries AND state = 'nurture' THEN 'nurtured'
             ELSE (ARRAY['call', 'call', 'call', 'email', 'email', 'note', 'next_set', 'meeting'])[1 + (n + j) % 8]
        END AS kind
    FROM bench.drawn, bench.given, (SELECT {j}::int AS j) AS time WHERE entries >= {j}
) AS told
