-- A gradebook of format 2, as that version of the kit wrote it. See test_gradebook_file.py.
BEGIN TRANSACTION;
CREATE TABLE adjustment (
    number INTEGER PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, points REAL NOT NULL,
    why TEXT NOT NULL, moment TEXT NOT NULL, who TEXT NOT NULL
);
INSERT INTO "adjustment" VALUES(1,'ben','01_echo',5.0,'showed it','2025-03-01T12:00:00+00:00','Dr. Who');
INSERT INTO "adjustment" VALUES(2,'ben','03_threads',2.0,'by mistake','2025-03-01T12:00:00+00:00','Dr. Who');
CREATE TABLE lesson (
    student TEXT NOT NULL REFERENCES student (id), lesson TEXT NOT NULL, key TEXT NOT NULL,
    seed TEXT NOT NULL, title TEXT NOT NULL, seconds REAL NOT NULL, isolation TEXT NOT NULL,
    PRIMARY KEY (student, lesson)
);
INSERT INTO "lesson" VALUES('lovelaceada_2001','01_echo','k1','s1','Echo',1.5,'namespaces');
INSERT INTO "lesson" VALUES('lovelaceada_2001','02_broadcast','k2','s2','Broadcast',1.5,'namespaces');
INSERT INTO "lesson" VALUES('ben','01_echo','k3','s3','Echo',1.5,'namespaces');
INSERT INTO "lesson" VALUES('cy','01_echo','k4','s4','Echo',1.5,'namespaces');
CREATE TABLE student (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, late INTEGER NOT NULL, source TEXT NOT NULL,
    remarks TEXT NOT NULL, lessons TEXT NOT NULL, number TEXT NOT NULL
);
INSERT INTO "student" VALUES('lovelaceada_2001','lovelaceada',1,'lovelaceada_LATE_2001_9_server.py','["server-1.py counts: the newest of 2 versions."]','["02_broadcast"]','2001');
INSERT INTO "student" VALUES('ben','ben',0,'hw1-ben','[]','["01_echo"]','');
INSERT INTO "student" VALUES('cy','Cy',0,'cy.zip','["cy.zip is broken."]','[]','');
INSERT INTO "student" VALUES('dee','Dee',0,'dee','[]','["01_echo", "02_broadcast"]','');
CREATE TABLE verdict (
    student TEXT NOT NULL, lesson TEXT NOT NULL, place INTEGER NOT NULL, id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (student, lesson, id),
    FOREIGN KEY (student, lesson) REFERENCES lesson (student, lesson) ON DELETE CASCADE
);
INSERT INTO "verdict" VALUES('lovelaceada_2001','01_echo',0,'ready-line','{"id": "ready-line", "title": "prints the ready line", "status": "passed", "score": 40, "max_score": 40, "program": "server.py", "symptom": "", "message": "", "expected": "", "received": "", "likely": "", "hint": "", "read": "", "again": "", "notes": [], "transcript": [], "output": ""}');
INSERT INTO "verdict" VALUES('lovelaceada_2001','02_broadcast',0,'ready-line','{"id": "ready-line", "title": "prints the ready line", "status": "passed", "score": 40, "max_score": 40, "program": "server.py", "symptom": "", "message": "", "expected": "", "received": "", "likely": "", "hint": "", "read": "", "again": "", "notes": [], "transcript": [], "output": ""}');
INSERT INTO "verdict" VALUES('lovelaceada_2001','02_broadcast',1,'half-line','{"id": "half-line", "title": "half a line waits", "status": "failed", "score": 0, "max_score": 60, "program": "server.py", "symptom": "early-data", "message": "too early", "expected": "", "received": "", "likely": "", "hint": "", "read": "", "again": "", "notes": [], "transcript": [], "output": ""}');
INSERT INTO "verdict" VALUES('ben','01_echo',0,'ready-line','{"id": "ready-line", "title": "prints the ready line", "status": "passed", "score": 40, "max_score": 40, "program": "server.py", "symptom": "", "message": "", "expected": "", "received": "", "likely": "", "hint": "", "read": "", "again": "", "notes": [], "transcript": [], "output": ""}');
INSERT INTO "verdict" VALUES('cy','01_echo',0,'ready-line','{"id": "ready-line", "title": "prints the ready line", "status": "passed", "score": 40, "max_score": 40, "program": "server.py", "symptom": "", "message": "", "expected": "", "received": "", "likely": "", "hint": "", "read": "", "again": "", "notes": [], "transcript": [], "output": ""}');
COMMIT;
PRAGMA application_id = 1667785076;
PRAGMA user_version = 2;
