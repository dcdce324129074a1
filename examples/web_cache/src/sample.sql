-- The sample database: 20,000 short articles, every one about two of the words below.
CREATE TABLE article (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT NOT NULL
);

WITH RECURSIVE
    number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000),
    word (w, text) AS (
        VALUES (0, 'waker'), (1, 'task'), (2, 'thread'), (3, 'pool'), (4, 'lock'), (5, 'flight'), (6, 'leader'), (7, 'loop'), (8, 'poll'), (9, 'queue')
    )
INSERT INTO article
SELECT
    n,
    'Article ' || n || ' on the ' || first.text,
    'What the ' || first.text || ' has to do with the ' || second.text || ', and why number ' || n || ' is not the last word on it.'
FROM number
JOIN word AS first ON first.w = n % 10
JOIN word AS second ON second.w = (n / 10) % 10;
