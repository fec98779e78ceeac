-- The figures of documents that follow from other rows, each by its one formula, for every query that shows them.

-- A client PO with its client, project, lines and payments (purchase-order formulas, section 2.2).
CREATE OR REPLACE VIEW "Finances".client_po_figures AS
SELECT po.id,
       po.client_id,
       client.name AS client_name,
       po.project_id,
       project.name AS project_name,
       po.store_id,
       po.site_id,
       po.vendor_id,
       vendor.name AS vendor_name,
       po.po_number,
       po.po_date,
       po.po_value,
       po.po_value - COALESCE(po.total_tax, 0) AS net_value,
       po.stated_value,
       po.stated_tax,
       po.value_basis,
       po.stated_value - line.gross AS value_difference,
       po.po_value - payment.paid AS outstanding_amount,
       payment.paid AS total_paid,
       payment.tds AS total_tds,
       payment.paid - payment.tds AS net_received,
       CASE
           WHEN payment.paid <= 0 THEN 'pending'
           WHEN payment.paid >= po.po_value THEN 'paid'
           ELSE 'partial'
       END AS payment_status,
       payment.entries AS payment_count,
       po.status,
       po.status <> 'cancelled' AS is_live,
       po.po_type,
       po.parent_po_id,
       po.pi_number,
       po.pi_date,
       po.agreement_date,
       po.notes,
       po.po_type = 'verbal_agreement' AND po.po_number IS NULL AS is_open_agreement,
       COALESCE(mapping.is_primary, FALSE) AS is_primary,
       mapping.sequence_order,
       po.subtotal,
       po.cgst,
       po.sgst,
       po.igst,
       COALESCE(po.total_tax, 0) AS total_tax,
       line.entries AS line_item_count,
       po.version,
       po.created_at,
       po.updated_at
  FROM "Finances".client_po AS po
  LEFT JOIN "Finances".client ON client.id = po.client_id
  LEFT JOIN "Finances".project ON project.id = po.project_id
  LEFT JOIN "Finances".vendor ON vendor.id = po.vendor_id
  LEFT JOIN "Finances".po_project_mapping AS mapping
    ON mapping.client_po_id = po.id AND mapping.project_id = po.project_id
 CROSS JOIN LATERAL (
       -- The sum is null without lines: there is nothing to differ from.
       SELECT count(*) AS entries,
              sum(COALESCE(item.gross_amount, item.total_price)) AS gross
         FROM "Finances".client_po_line_item AS item
        WHERE item.client_po_id = po.id
       ) AS line
 CROSS JOIN LATERAL (
       -- Only money that arrived counts; a debit is money back to the client.
       SELECT count(*) AS entries,
              COALESCE(sum(CASE WHEN entry.transaction_type = 'debit' THEN -entry.amount ELSE entry.amount END)
                       FILTER (WHERE entry.status IN ('cleared', 'completed', 'reconciled')), 0) AS paid,
              COALESCE(sum(CASE WHEN entry.transaction_type = 'debit' THEN -entry.tds_amount ELSE entry.tds_amount END)
                       FILTER (WHERE entry.status IN ('cleared', 'completed', 'reconciled') AND entry.is_tds_deducted), 0) AS tds
         FROM "Finances".client_payment AS entry
        WHERE entry.client_po_id = po.id
       ) AS payment;

-- What was paid of a vendor order, and whether it still counts (vendor formulas, sections 3 and 4.2).
CREATE OR REPLACE VIEW "Finances".vendor_order_figures AS
SELECT vendor_order.id,
       vendor_order.project_id,
       vendor_order.client_po_id,
       vendor_order.vendor_id,
       vendor_order.po_value,
       vendor_order.status NOT IN ('rejected', 'cancelled') AND vendor_order.work_status <> 'cancelled' AS is_live,
       direct.amount + linked.amount AS paid
  FROM "Finances".vendor_order
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(payment.amount), 0) AS amount
         FROM "Finances".vendor_payment AS payment
        WHERE payment.vendor_order_id = vendor_order.id
          AND payment.status IN ('cleared', 'completed', 'reconciled')
       ) AS direct
 CROSS JOIN LATERAL (
       -- A share of an advance; a payment that has an order of its own counts there, once.
       SELECT COALESCE(sum(link.amount_allocated), 0) AS amount
         FROM "Finances".payment_vendor_link AS link
         JOIN "Finances".vendor_payment AS payment ON payment.id = link.vendor_payment_id
        WHERE link.vendor_order_id = vendor_order.id
          AND link.link_type = 'outgoing'
          AND payment.vendor_order_id IS NULL
          AND payment.status IN ('cleared', 'completed', 'reconciled')
       ) AS linked;
