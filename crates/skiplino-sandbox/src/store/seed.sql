-- The demo company. It contains the records of the contract's published examples, with the same ids, numbers and times.
INSERT INTO branches (id, name_en, name_ar, active, days, opens, closes, slots_from, slots_to) VALUES
    ('802b33af66', 'Seef Mall Branch', 'فرع السيف مول', 1, '0123456', 0, 1440, 540, 1020),
    ('3d90c1e7a4', 'Manama Souq Branch', 'فرع سوق المنامة', 1, '01234', 480, 840, 480, 840),
    ('f00dbabe01', 'Riffa Branch', 'فرع الرفاع', 0, '0123456', 0, 1440, 540, 1020);
INSERT INTO groups (id, branch_id, name_en, name_ar) VALUES
    ('7c1f9a3b2d', '802b33af66', 'Teller Services', 'خدمات الصراف'),
    ('91be44d0aa', '802b33af66', 'Customer Service', 'خدمة العملاء'),
    ('5a5a5a5a5a', '802b33af66', 'Corporate Services', 'خدمات الشركات'),
    ('2b2b2b2b2b', '3d90c1e7a4', 'Teller Services', 'خدمات الصراف'),
    ('f00dbabe02', 'f00dbabe01', 'Teller Services', 'خدمات الصراف');
INSERT INTO services (id, group_id, name_en, name_ar, active, appointments, minutes) VALUES
    ('6fe8fb8b12', '7c1f9a3b2d', 'Cash Withdrawal', 'سحب نقدي', 1, 1, 3),
    ('b7a1d2c3e4', '7c1f9a3b2d', 'Cash Deposit', 'إيداع نقدي', 1, 0, 2),
    ('c4d5e6f708', '91be44d0aa', 'Open an Account', 'فتح حساب', 1, 1, 15),
    ('dead00beef', '91be44d0aa', 'Close an Account', 'إغلاق حساب', 0, 1, 10),
    ('5b5b5b5b5b', '5a5a5a5a5a', 'Letters of Credit', 'اعتمادات مستندية', 0, 1, 20),
    ('e1e2e3e4e5', '2b2b2b2b2b', 'Cash Withdrawal', 'سحب نقدي', 1, 1, 3),
    ('f00dbabe03', 'f00dbabe02', 'Cash Withdrawal', 'سحب نقدي', 1, 1, 3);
INSERT INTO customers (id, external_id, name, email, mobile, metadata, created_at, updated_at)
SELECT column1, column2, column3, column4, column5, column6, 1000 * unixepoch(column7), 1000 * unixepoch(column7) FROM (VALUES
    ('9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b', 'crm-7741', 'Layla Hassan', 'layla.hassan@example.com', '+97333112233',
        '{"tier":"gold"}', '2026-06-23T11:00:00Z'),
    ('1a6b0c9d8e7f4a3b2c1d0e9f8a7b6c5d', NULL, NULL, 'walkin.guest@example.com', NULL, NULL, '2026-06-23T11:01:00Z'),
    ('4d3c2b1a0f9e8d7c6b5a49382716f5e4', 'crm-7742', 'يوسف العلي', NULL, '+97336654321', '{"tier":"silver"}',
        '2026-06-23T11:02:00Z'));
INSERT INTO tickets (id, number, status, status_at, service_id, customer_id, customer_name, booked_at, place, time)
SELECT column1, column2, column3, 1000 * unixepoch(column4), '6fe8fb8b12', column5, column6, 1000 * unixepoch(column7),
    column8, 1000 * unixepoch(column9) FROM (VALUES
    ('q011a5b6c7', 'Q011', 'waiting', '2026-06-23T10:41:12Z', NULL, NULL, '2026-06-23T10:41:12Z', 1, NULL),
    ('q012d8e9f0', 'Q012', 'waiting', '2026-06-23T10:47:30Z', NULL, NULL, '2026-06-23T10:47:30Z', 2, NULL),
    ('q013g1h2i3', 'Q013', 'waiting', '2026-06-23T10:52:05Z', '4d3c2b1a0f9e8d7c6b5a49382716f5e4', 'يوسف العلي',
        '2026-06-23T10:52:05Z', 3, NULL),
    ('q014j4k5l6', 'Q014', 'waiting', '2026-06-23T10:58:44Z', NULL, NULL, '2026-06-23T10:58:44Z', 4, NULL),
    ('q015m7n8o9', 'Q015', 'waiting', '2026-06-23T11:03:19Z', NULL, NULL, '2026-06-23T11:03:19Z', 5, NULL),
    ('q016p0r1s2', 'Q016', 'waiting', '2026-06-23T11:06:57Z', NULL, NULL, '2026-06-23T11:06:57Z', 6, NULL),
    ('k7m2p9x4q1', 'Q017', 'waiting', '2026-06-23T11:10:00Z', '9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b', 'Layla Hassan',
        '2026-06-23T11:08:41Z', 7, NULL));
-- The next walk-in of that day is Q018, and the next appointment for the published 1 July is A042, as published.
INSERT INTO numbers (service_id, day, letter, last) VALUES
    ('6fe8fb8b12', '2026-06-23', 'Q', 17),
    ('6fe8fb8b12', '2026-07-01', 'A', 41);
