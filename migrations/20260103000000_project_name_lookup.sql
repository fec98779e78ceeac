-- Names are compared without regard to case and outer blanks, which old rows may have.
CREATE INDEX IF NOT EXISTS project_name_trimmed_idx ON "Finances".project (lower(btrim(name)));
