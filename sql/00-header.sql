-- coachdiag: install script, concatenated from the numbered files in sql/.
\echo Use "CREATE EXTENSION coachdiag" to load this file. \quit

