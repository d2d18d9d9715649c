-- Rows for the schema at head: enum labels, jsonb with escapes, quotes in names.
INSERT INTO users (id, email, full_name, hashed_password, is_active) VALUES
('11111111-1111-4111-8111-111111111111', 'siobhan.o''neill@example.com', 'Siobhán O''Neill', '$2b$12$not.a.real.hash', true),
('22222222-2222-4222-8222-222222222222', 'li@example.com', '李 "Lee" 雷', NULL, true),
('33333333-3333-4333-8333-333333333333', 'gone@example.com', NULL, NULL, false);

INSERT INTO reports (id, user_id, query, status, content, error_message) VALUES
('aaaaaaaa-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111111', 'Master''s in mathematics, tuition \le 5000 EUR', 'completed', '{"countries": ["DE", "AT"], "note": "fees \"per term\"\nC:\\reports\\1"}', NULL),
('aaaaaaaa-0000-4000-8000-000000000002', '22222222-2222-4222-8222-222222222222', '奖学金; -- where?', 'pending', NULL, NULL),
('aaaaaaaa-0000-4000-8000-000000000003', '22222222-2222-4222-8222-222222222222', 'PhD', 'failed', NULL, 'model said: ''context too long''');

INSERT INTO payments (user_id, report_id, status, amount, currency, provider_reference) VALUES
('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0000-4000-8000-000000000001', 'succeeded', 19.90, 'EUR', 'pay_example_1'),
('22222222-2222-4222-8222-222222222222', 'aaaaaaaa-0000-4000-8000-000000000003', 'refunded', 0.10, 'USD', 'pay_example_2'),
('22222222-2222-4222-8222-222222222222', NULL, 'pending', 12345678.90, 'USD', 'pay_example_3');
