-- What is known of leads, for scoring them or for learning from them: one row for each (lead, moment) given, in their order.
-- Of the enquiries the one counts that began the episode: of all records merged, the last one up to the moment.
SELECT given.lead_id, lead.created_at, lead.email, lead.title, lead.phone <> '', lead.company <> '', lead.country,
       lead.custom, COALESCE(came.message <> '', false), COALESCE(came.landing_page, ''),
       COALESCE(came.answers, '{}'::jsonb), COALESCE(campaign.name, ''),
       CASE WHEN came.door = 'import' THEN '' ELSE COALESCE(capturer.name, '') END, COALESCE(came.amended, '{}'::jsonb),
       COALESCE(came.trail->>'heat', '')
FROM unnest(%(ids)s::uuid[], %(moments)s::timestamptz[]) WITH ORDINALITY AS given(lead_id, moment, place)
JOIN lead ON lead.id = given.lead_id
LEFT JOIN LATERAL (
    SELECT * FROM (  -- each part along an index of its own: with an OR every enquiry would be read for every lead
        SELECT e.* FROM enquiry AS e WHERE e.lead_id = given.lead_id
        UNION ALL
        SELECT e.* FROM lead AS m JOIN enquiry AS e ON e.lead_id = m.id WHERE m.merged_into_id = given.lead_id
    ) AS theirs
    WHERE captured_at <= given.moment + interval '1 day'
    ORDER BY captured_at > given.moment, abs(date_part('epoch', captured_at - given.moment)), id LIMIT 1
) AS came ON true
LEFT JOIN campaign ON campaign.id = came.campaign_id
LEFT JOIN "user" AS capturer ON capturer.id = came.captured_by_id AND NOT capturer.is_system
ORDER BY given.place
