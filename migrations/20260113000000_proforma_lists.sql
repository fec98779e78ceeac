-- Proforma invoices are the POs with an invoice's number: a list of them, of all or of one client's or project's, is read and
-- counted from an index of just those.
CREATE INDEX IF NOT EXISTS client_po_proforma_list_idx
    ON "Finances".client_po (created_at, id) WHERE pi_number <> '';
CREATE INDEX IF NOT EXISTS client_po_client_proforma_list_idx
    ON "Finances".client_po (client_id, created_at, id) WHERE pi_number <> '';
CREATE INDEX IF NOT EXISTS client_po_project_proforma_list_idx
    ON "Finances".client_po (project_id, created_at, id) WHERE pi_number <> '';
