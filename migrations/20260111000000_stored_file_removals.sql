-- Stored files that are to be removed: written in the transaction that takes away the last row which names them, and gone
-- once they are removed. What a crash between the two leaves here, the sweeper does.
CREATE TABLE IF NOT EXISTS "Finances".stored_file_removal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The session whose file it is; null for a document.
    session_id varchar(255),
    file_name varchar(500) NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE "Finances".stored_file_removal IS 'Stored files that no row names any more and that are still to be removed';

-- What the archive of a document has to be, as `file_hash` is for the file itself; null in older rows.
ALTER TABLE "Finances".project_document ADD COLUMN IF NOT EXISTS compressed_hash varchar(64);

-- The sweeper and old links find rows by the names of their files.
CREATE INDEX IF NOT EXISTS upload_file_storage_filename_idx ON "Finances".upload_file (storage_filename);
CREATE INDEX IF NOT EXISTS project_document_stored_filename_idx ON "Finances".project_document (stored_filename);
CREATE INDEX IF NOT EXISTS project_document_compressed_filename_idx ON "Finances".project_document (compressed_filename);

-- What the sweeper takes away from sessions that ended: files of which no PO was made and that were sent with no number.
CREATE INDEX IF NOT EXISTS upload_file_fleeting_idx ON "Finances".upload_file (session_id)
    WHERE status <> 'deleted' AND po_number IS NULL AND metadata ->> 'po_id' IS NULL;
