-- The plan: what is true in every team. Only dw.story and the change log keep it; the rest is temporary.

-- One row per team; dose is handle-time sessions planned per agent and week, at the start and the end of the year.
CREATE TEMP TABLE plan_team (
	team text PRIMARY KEY, program text, site text, seats int, opened int, attrition float8, base float8, agent_sd float8,
	coached_from int, dose_from float8, dose_to float8, lead_type text, second_type text, coach text);
INSERT INTO plan_team VALUES
	('Billing A',   'Energy', 'North',   13,  1, 1.0, -.10, .07,  1, .30, .75, 'billing_question', 'payment_plan',    'COACH01'),
	('Billing B',   'Energy', 'North',   12,  1, 0.8, -.06, .07,  1, .24, .24, 'billing_question', 'contract_change', 'COACH02'),
	('Moves A',     'Energy', 'Harbour', 14,  1, 1.0, -.12, .07,  1, .35, .35, 'moving_house',     'contract_change', 'COACH03'),
	('Moves B',     'Energy', 'Harbour', 10,  1, 1.0, -.16, .10,  1, .25, .25, 'moving_house',     'meter_fault',     'COACH04'),
	('Payments A',  'Energy', 'Central', 12,  1, 1.0, -.18, .09,  1, .35, .35, 'payment_plan',     'complaint',       'COACH05'),
	('Payments B',  'Energy', 'Central', 12,  1, 0.8, -.04, .06, 14, .35, .35, 'payment_plan',     'billing_question','COACH06'),
	('Meters A',    'Energy', 'Harbour',  9,  1, 1.0, -.10, .06, 60,   0,   0, 'meter_fault',      'contract_change', 'COACH07'),
	('Network A',   'Mobile', 'North',   14,  1, 1.0, -.06, .06,  1, .40, .50, 'device_help',      'invoice_query',   'COACH08'),
	('Network B',   'Mobile', 'Central', 16,  1, 3.5, -.04, .08,  1, .40, .40, 'network_fault',    'sim_swap',        'COACH09'),
	('Plans A',     'Mobile', 'North',   12,  1, 0.8, -.06, .07,  1, .45, .45, 'plan_change',      'invoice_query',   'COACH10'),
	('Retention A', 'Mobile', 'Central', 11,  1, 1.0, -.09, .07,  1, .25, .35, 'cancellation',     'plan_change',     'COACH11'),
	('Retention B', 'Mobile', 'Central',  5, 46, 1.0, -.05, .10, 46, .30, .30, 'cancellation',     'invoice_query',   'COACH12'),
	('Devices A',   'Mobile', 'Harbour', 13,  1, 1.0, -.02, .07,  1, .50, .20, 'device_help',      'sim_swap',        'COACH13'),
	('Devices B',   'Mobile', 'Harbour',  8,  1, 1.0, -.16, .10,  1, .25, .25, 'device_help',      'network_fault',   'COACH14');

-- Targets by contact type: seconds and share resolved at first contact.
CREATE TABLE dw.reason_target (contact_reason text PRIMARY KEY, program text NOT NULL,
	handle_target_s numeric NOT NULL, fcr_target numeric NOT NULL);
INSERT INTO dw.reason_target VALUES
	('billing_question', 'Energy', 360, .76), ('payment_plan', 'Energy', 540, .72), ('moving_house', 'Energy', 660, .74),
	('meter_fault', 'Energy', 480, .64), ('contract_change', 'Energy', 300, .80), ('complaint', 'Energy', 840, .60),
	('plan_change', 'Mobile', 330, .76), ('invoice_query', 'Mobile', 300, .74), ('device_help', 'Mobile', 600, .64),
	('network_fault', 'Mobile', 660, .58), ('sim_swap', 'Mobile', 240, .80), ('cancellation', 'Mobile', 520, .62);

-- What the system does to everybody on a contact type: log seconds, probability.
CREATE TEMP TABLE plan_structural (team text, contact_type text, metric text, shift float8, from_week int, until_week int);
INSERT INTO plan_structural VALUES
	('Billing A',   'billing_question', 'handle_time', .50, 1, 53),
	('Billing A',   'payment_plan',     'handle_time', .50, 1, 53),
	('Moves A',     'moving_house',     'handle_time', .52, 1, 53),
	('Meters A',    'meter_fault',      'handle_time', .66, 1, 53),
	('Network A',   'network_fault',    'handle_time', .68, 1, 53),
	('Retention A', 'cancellation',     'handle_time', .62, 1, 53),
	('Retention A', 'cancellation',     'fcr',         .22, 1, 53),
	('Retention B', 'cancellation',     'handle_time', .15, 1, 53),
	('Devices A',   'device_help',      'handle_time', .55, 1, 24),
	('Devices A',   'device_help',      'handle_time', .20, 24, 25),
	('Devices A',   'device_help',      'handle_time', .05, 25, 26);

-- What agents could do and do not: share of agents with the deficit, its size, and what one session gives back.
CREATE TEMP TABLE plan_behavioural (team text, metric text, share float8, deficit float8, deficit_sd float8,
	gain float8, half_life float8, PRIMARY KEY (team, metric));
INSERT INTO plan_behavioural VALUES
	('Billing A',   'handle_time', 0,   0,    0,   0,    7),
	('Billing B',   'handle_time', .55, .42, .06,  .09,  7),
	('Moves A',     'handle_time', .45, .40, .05,  .08,  7),
	('Payments B',  'handle_time', 1.0, .32, .05,  .09,  8),
	('Meters A',    'handle_time', 0,   0,    0,   0,    7),
	('Network A',   'handle_time', 0,   0,    0,   0,    7),
	('Network B',   'handle_time', 1.0, .24, .06,  .09,  7),
	('Plans A',     'handle_time', .60, .40, .06,  .11,  7),
	('Retention A', 'handle_time', 0,   0,    0,   0,    7),
	('Devices A',   'handle_time', 0,   0,    0,   0,    7),
	('Retention A', 'fcr',         0,   0,    0,   0,    7),
	('Moves A',     'quality',     .60, 14,  1.5,  4,    7);

-- Metric-wide constants, on the scale on which effects add (log seconds, probability, points); positive is worse.
CREATE TEMP TABLE plan_metric (metric text PRIMARY KEY, base float8, level_sd float8, learning float8, ar_sd float8, shock_sd float8,
	room float8, gain float8, half_life float8, dose float8);
INSERT INTO plan_metric VALUES
	('handle_time',   0, NULL, .45, .035, .020, .05, .04, 7, NULL),
	('fcr',       -.040, .030, .10, .012, .006, .03, .02, 7,  .06),
	('quality',      -4, 4.0,  5.0, 1.0,  0.5,   4,  3,   7,  .08);

CREATE TABLE dw.story (team text, metric text, truth text NOT NULL, coaching_works bool NOT NULL, explanation text NOT NULL,
	true_effect numeric, PRIMARY KEY (team, metric));
COMMENT ON TABLE dw.story IS 'What is true in the demo, to hold the diagnosis against; nothing in coachdiag reads it';
COMMENT ON COLUMN dw.story.true_effect IS
	'What one held session really gave, mean of the four weeks after it: relative for handle_time (0.05 = 5 % shorter), else metric units';
INSERT INTO dw.story
SELECT team, metric, 'no_gap', coached_from < 60, 'At or better than target, ordinary spread between agents.', NULL
FROM plan_team, plan_metric;
UPDATE dw.story s SET truth = v.truth, coaching_works = v.works, explanation = v.why
FROM (VALUES
	('Billing A', 'handle_time', 'structural', false, 'The paradox: two contact types need the same data keyed twice; coaching doubles in a year and moves nothing.'),
	('Billing B', 'handle_time', 'behavioural', true, 'Half the agents are at target under the same process, half are far off; sessions help them.'),
	('Moves A', 'handle_time', 'mixed', true, 'moving_house waits for the back office whoever sits there, and some agents are slow besides.'),
	('Moves A', 'quality', 'behavioural', true, 'Most agents miss the standard, the others meet it; sessions on quality help.'),
	('Moves B', 'handle_time', 'no_gap', true, 'Control of programme Energy: healthy, lightly coached.'),
	('Payments A', 'handle_time', 'no_gap', true, 'Better than target, and coached out of habit.'),
	('Payments B', 'handle_time', 'behavioural', true, 'The whole team lacks one skill: consistent, yet coaching (from April) moves it.'),
	('Meters A', 'handle_time', 'structural', false, 'meter_fault waits for field service; nobody was ever coached for it.'),
	('Network A', 'handle_time', 'structural', false, 'Routing gives the faults to a few agents, so a fault process that takes too long looks like a few bad agents.'),
	('Network B', 'handle_time', 'behavioural', true, 'Sessions work and leak away: most of those coached leave within the year and new starters replace them.'),
	('Plans A', 'handle_time', 'behavioural', true, 'COACH15 holds over half of the sessions, to no effect; those of the other coaches work.'),
	('Retention A', 'handle_time', 'structural', false, 'A cancellation offer needs a supervisor''s approval: agents know the answer and wait.'),
	('Retention A', 'fcr', 'structural', false, 'Customers who wait for approval give up and contact again.'),
	('Retention B', 'handle_time', 'cannot_tell', true, 'Five agents, seven weeks: nobody could know yet.'),
	('Retention B', 'fcr', 'cannot_tell', true, 'Five agents, seven weeks: nobody could know yet.'),
	('Retention B', 'quality', 'cannot_tell', true, 'Five agents, seven weeks: nobody could know yet.'),
	('Devices A', 'handle_time', 'no_gap', false, 'Structural until the redesign of 16 June, which closed the gap in two weeks; none since, though a whole year still shows half of it.'),
	('Devices B', 'handle_time', 'no_gap', true, 'Control of programme Mobile: healthy, lightly coached.')
) v (team, metric, truth, works, why)
WHERE s.team = v.team AND s.metric = v.metric;
ANALYZE plan_team, plan_structural, plan_behavioural, plan_metric, dw.reason_target;
