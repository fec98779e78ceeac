-- Documents are counted too, by their type and project, and proforma invoices (POs with an invoice's number) as a list of their
-- own, so that pages of both cost the same however many there are.

CREATE OR REPLACE VIEW "Finances".kept_total_source AS
SELECT 'client_po'::text AS source,
       po.id,
       'client_po'::text AS list,
       po.status::text AS status,
       po.client_id,
       po.project_id,
       NULL::bigint AS vendor_id,
       1 AS entries,
       po.po_value AS amount,
       po.total_paid AS paid,
       po.line_item_count AS lines,
       (po.payment_status = 'paid')::integer AS paid_entries,
       (po.payment_status = 'partial')::integer AS partial_entries
  FROM "Finances".client_po_figures AS po
 UNION ALL
SELECT 'client_po', payment.client_po_id, 'client_payment', payment.status::text, payment.client_id, po.project_id, NULL, 1,
       0, 0, 0, 0, 0
  FROM "Finances".client_payment AS payment
  JOIN "Finances".client_po AS po ON po.id = payment.client_po_id
 UNION ALL
SELECT 'client_payment', payment.id, 'client_payment', payment.status::text, payment.client_id, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".client_payment AS payment
 WHERE payment.client_po_id IS NULL
 UNION ALL
SELECT 'vendor_payment', payment.id, 'vendor_payment', payment.status::text, NULL, payment.project_id,
       COALESCE(payment.vendor_id, ordered.vendor_id), 1, payment.amount, 0, 0, 0, 0
  FROM "Finances".vendor_payment AS payment
  LEFT JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
 UNION ALL
SELECT 'project', project.id, 'project', project.status::text, project.client_id, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".project
 UNION ALL
SELECT 'quotation', quotation.id, 'quotation', quotation.status::text, NULL, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".quotation
 UNION ALL
SELECT 'vendor', vendor.id, 'vendor', vendor.status::text, NULL, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".vendor
 UNION ALL
SELECT 'client_po', po.id, 'proforma_invoice', po.status::text, po.client_id, po.project_id, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".client_po AS po
 WHERE po.pi_number <> ''
 UNION ALL
SELECT 'project_document', document.id, 'project_document', COALESCE(document.document_type::text, ''), NULL, document.project_id, NULL,
       1, 0, 0, 0, 0, 0
  FROM "Finances".project_document AS document;

-- Once: where this runs again the server has kept them since.
SELECT "Finances".recount_kept_totals()
 WHERE NOT EXISTS (SELECT FROM "Finances".kept_total WHERE list IN ('proforma_invoice', 'project_document'))
   AND (   EXISTS (SELECT FROM "Finances".project_document)
        OR EXISTS (SELECT FROM "Finances".client_po WHERE pi_number <> ''));
