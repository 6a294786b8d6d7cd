-- A ledger for each of the demo students, with the fees of their class
--
-- Students and classes are those of mongo_seeds/demo. A ledger has no payment and no adjustment:
-- those are never seeded. Ids and times follow from the student's id, so that every development
-- database has the same rows.

WITH fees (class_id, first_student, last_student, tuition, activities) AS (
  VALUES
    ('class-nursery', 1, 5, 18000, 2000),
    ('class-lkg', 6, 10, 20000, 2000),
    ('class-ukg', 11, 15, 20000, 2000),
    ('class-1', 16, 20, 24000, 3000),
    ('class-2', 21, 25, 26000, 3000),
    ('class-3', 26, 30, 28000, 3000),
    ('class-4', 31, 35, 30000, 3000),
    ('class-5', 36, 40, 32000, 3000),
    ('class-6', 41, 44, 34000, 3000),
    ('class-7', 45, 48, 36000, 3000),
    ('class-8', 49, 52, 38000, 3000),
    ('class-9', 53, 56, 40000, 3000),
    ('class-10', 57, 60, 42000, 3000)
), students AS (
  SELECT 'student-' || lpad(number::text, 3, '0') AS student_id, class_id, tuition, activities
    FROM fees, generate_series(first_student, last_student) AS number
)
INSERT INTO student_fee_ledgers
       (id, student_id, class_id, academic_session_id, base_components, created_at)
SELECT md5('demo ledger of ' || s.student_id)::uuid, s.student_id, s.class_id, a.id,
       jsonb_build_array(
         jsonb_build_object('name', 'Tuition', 'amount', s.tuition),
         jsonb_build_object('name', 'Activities', 'amount', s.activities)),
       '2025-06-01 00:00:00'
  FROM students s, academic_sessions a
 WHERE a.name = '2025-26'
ON CONFLICT DO NOTHING;
