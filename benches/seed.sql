-- Rows to measure with: as many POs as the setting bench.pos says, five lines and two payments each, in projects of twenty
-- and stores of five; a vendor order for every PO, with two payments; a quotation for every tenth PO. Everything follows from
-- the numbers of the rows, so that the same size is the same data; products modulo a prime make numbers that look as mixed as
-- real ones. For an empty database only.

INSERT INTO "Finances".client (name, bundle_by_store)
SELECT 'Client ' || number, number % 4 <> 0
  FROM generate_series(1, 10) AS number;

INSERT INTO "Finances".vendor (name, email, status)
SELECT 'Vendor ' || number, 'vendor' || number || '@example.com', 'active'
  FROM generate_series(1, 100) AS number;

INSERT INTO "Finances".project (client_id, name, status, location, city, state, created_at)
SELECT (SELECT min(id) FROM "Finances".client WHERE name = 'Client ' || (1 + number % 10)),
       'Store fit-out ' || number * 104729::bigint % 1000003,
       (ARRAY['active', 'active', 'completed', 'on-hold'])[1 + number % 4],
       'Plot ' || number,
       (ARRAY['Pune', 'Nagpur', 'Surat', 'Indore', 'Jaipur'])[1 + number % 5],
       (ARRAY['Maharashtra', 'Maharashtra', 'Gujarat', 'Madhya Pradesh', 'Rajasthan'])[1 + number % 5],
       TIMESTAMPTZ '2024-01-01 09:00:00Z' + number * INTERVAL '1 hour'
  FROM generate_series(1, current_setting('bench.pos')::integer / 20) AS number;

-- POs 20k + 1 … 20k + 20 are of one project, five after each other of one store.
INSERT INTO "Finances".client_po
       (client_id, project_id, po_number, po_date, pi_number, pi_date, po_value, total_tax, stated_value, stated_tax,
        value_basis, status, po_type, agreement_date, store_id, created_at)
SELECT project.client_id,
       project.id,
       CASE WHEN po.number % 50 <> 0 THEN (4100000000 + po.number * 7919::bigint % 99999989)::text END,
       DATE '2024-01-01' + po.number % 700,
       CASE WHEN po.number % 3 = 0 OR po.number % 50 = 0 THEN 'PI-' || po.number * 15485863::bigint % 99999989 END,
       DATE '2024-01-01' + po.number % 700,
       0, 0, 0, 0, 'lines',
       (ARRAY['pending', 'active', 'active', 'completed', 'pending', 'active', 'active', 'completed', 'draft', 'cancelled'])
           [1 + po.number % 10],
       CASE WHEN po.number % 50 = 0 THEN 'verbal_agreement' ELSE 'standard' END,
       CASE WHEN po.number % 50 = 0 THEN DATE '2024-01-01' + po.number % 700 END,
       CASE WHEN po.number % 11 <> 0 THEN 'ST-' || (po.number - 1) / 5 * 104729::bigint % 1000003 END,
       TIMESTAMPTZ '2024-01-01 09:00:00Z' + po.number * INTERVAL '1 minute'
  FROM generate_series(1, current_setting('bench.pos')::integer) AS po (number)
  JOIN (SELECT id, client_id, row_number() OVER (ORDER BY id) AS place FROM "Finances".project) AS project
    ON project.place = 1 + (po.number - 1) / 20
 ORDER BY po.number;

INSERT INTO "Finances".client_po_line_item
       (client_po_id, item_name, quantity, unit_price, total_price, hsn_code, unit, tax_rate, gst_amount, gross_amount)
SELECT po.id, 'Item ' || line.place, amount.quantity, amount.price, amount.total, '7308', 'nos', 18, amount.tax,
       amount.total + amount.tax
  FROM "Finances".client_po AS po
 CROSS JOIN generate_series(1, 5) AS line (place)
 CROSS JOIN LATERAL (SELECT 1 + (po.id * 7 + line.place) % 40 AS quantity,
                            50 + (po.id * 13 + line.place * 17) % 900 + 0.25 AS price) AS priced
 CROSS JOIN LATERAL (SELECT priced.quantity, priced.price,
                            round(priced.quantity * priced.price, 2) AS total,
                            round(priced.quantity * priced.price * 0.18, 2) AS tax) AS amount
 ORDER BY po.id, line.place;

UPDATE "Finances".client_po AS po
   SET po_value = line.total + line.tax, total_tax = line.tax, stated_value = line.total + line.tax, stated_tax = line.tax
  FROM (SELECT client_po_id, sum(total_price) AS total, sum(gst_amount) AS tax
          FROM "Finances".client_po_line_item
         GROUP BY client_po_id) AS line
 WHERE line.client_po_id = po.id;

INSERT INTO "Finances".po_project_mapping (client_po_id, project_id, is_primary, sequence_order)
SELECT po.id, po.project_id, place = 1, place
  FROM (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY id) AS place
          FROM "Finances".client_po) AS po;

-- A third of the POs is paid in full, a third in part, a third not yet.
INSERT INTO "Finances".client_payment
       (client_id, client_po_id, amount, payment_date, status, payment_mode, payment_stage, transaction_type,
        reference_number, created_at)
SELECT po.client_id, po.id,
       CASE WHEN po.id % 3 = 0 THEN po.po_value / 2 ELSE round(po.po_value / 4, 2) END,
       po.po_date + payment.place * 20,
       CASE
           WHEN po.id % 3 = 2 THEN (ARRAY['pending', 'processing', 'bounced', 'cancelled'])[1 + (po.id + payment.place) % 4]
           ELSE (ARRAY['cleared', 'completed', 'reconciled'])[1 + (po.id + payment.place) % 3]
       END,
       (ARRAY['neft', 'rtgs', 'cheque', 'upi'])[1 + po.id % 4],
       'running', 'credit',
       'UTR' || lpad((po.id * 2 + payment.place)::text, 10, '0'),
       po.created_at + payment.place * INTERVAL '20 days'
  FROM "Finances".client_po AS po
 CROSS JOIN generate_series(1, 2) AS payment (place)
 ORDER BY po.id, payment.place;

-- However many orders there are, they are those of a hundred vendors.
INSERT INTO "Finances".vendor_order
       (vendor_id, project_id, client_po_id, po_number, po_date, due_date, po_value, stated_value, description, category,
        status, work_status, created_at)
SELECT (SELECT min(id) FROM "Finances".vendor) + po.id % 100, po.project_id, po.id, 'VO-' || po.id * 7919::bigint % 99999989,
       po.po_date + 3, po.po_date + 33, round(po.po_value * 0.6, 2), round(po.po_value * 0.6, 2), 'Works ' || po.id % 1000,
       (ARRAY['Civil', 'Electrical', 'Plumbing', 'Painting', NULL])[1 + po.id % 5],
       (ARRAY['pending', 'approved', 'completed', 'cancelled'])[1 + po.id / 4 % 4],
       (ARRAY['pending', 'pending', 'completed', 'cancelled'])[1 + po.id / 4 % 4],
       po.created_at + INTERVAL '3 days'
  FROM "Finances".client_po AS po
 ORDER BY po.id;

INSERT INTO "Finances".vendor_order_line_item
       (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id, client_line_item_id, order_date)
SELECT ordered.id, 'Work ' || line.place, line.place, 100.25, round(line.place * 100.25, 2),
       CASE WHEN ordered.id % 10 = 0 THEN (SELECT min(id) FROM "Finances".vendor) + (ordered.id + line.place) % 100 END,
       (SELECT min(item.id) FROM "Finances".client_po_line_item AS item WHERE item.client_po_id = ordered.client_po_id),
       ordered.po_date
  FROM "Finances".vendor_order AS ordered
 CROSS JOIN generate_series(1, 2) AS line (place)
 WHERE ordered.id % 2 = 0
 ORDER BY ordered.id, line.place;

UPDATE "Finances".vendor_order AS ordered
   SET po_value = line.total, value_basis = 'lines'
  FROM (SELECT vendor_order_id, sum(total_price) AS total
          FROM "Finances".vendor_order_line_item
         GROUP BY vendor_order_id) AS line
 WHERE line.vendor_order_id = ordered.id;

-- A quarter of the orders is paid in full; what was cancelled has no money that arrived.
INSERT INTO "Finances".vendor_payment
       (vendor_id, vendor_order_id, project_id, amount, payment_date, status, payment_mode, reference_number, created_at)
SELECT ordered.vendor_id, ordered.id, ordered.project_id,
       CASE WHEN ordered.id % 4 = 0 THEN ordered.po_value / 2 ELSE round(ordered.po_value / 4, 2) END,
       ordered.po_date + payment.place * 20,
       CASE
           WHEN ordered.status = 'cancelled' THEN (ARRAY['bounced', 'cancelled'])[payment.place]
           WHEN ordered.id % 4 = 0 THEN (ARRAY['completed', 'cleared'])[payment.place]
           ELSE (ARRAY['completed', 'pending', 'cleared', 'failed'])[1 + (ordered.id + payment.place) % 4]
       END,
       'neft', 'VUTR' || (ordered.id * 2 + payment.place), ordered.created_at + payment.place * INTERVAL '20 days'
  FROM "Finances".vendor_order AS ordered
 CROSS JOIN generate_series(1, 2) AS payment (place)
 ORDER BY ordered.id, payment.place;

INSERT INTO "Finances".vendor_payment (vendor_id, amount, payment_date, status, payment_mode, reference_number, created_at)
SELECT ordered.vendor_id, 50, ordered.po_date + 1, 'cleared', 'upi', 'VADV' || ordered.id, ordered.created_at
  FROM "Finances".vendor_order AS ordered
 WHERE ordered.id % 10 = 1
 ORDER BY ordered.id;

-- A share of an advance, and money of the client that is meant for the order.
INSERT INTO "Finances".payment_vendor_link
       (vendor_order_id, payment_id, vendor_payment_id, link_type, amount_allocated, linked_at)
SELECT ordered.id, NULL, advance.id, 'outgoing', 25, advance.created_at
  FROM "Finances".vendor_payment AS advance
  JOIN "Finances".vendor_order AS ordered ON advance.reference_number = 'VADV' || ordered.id
 ORDER BY ordered.id;
INSERT INTO "Finances".payment_vendor_link (vendor_order_id, payment_id, link_type, amount_allocated, linked_at)
SELECT ordered.id, payment.id, 'incoming', 10, payment.created_at
  FROM "Finances".vendor_order AS ordered
  JOIN "Finances".client_payment AS payment ON payment.client_po_id = ordered.client_po_id
 WHERE ordered.id % 10 = 3
 ORDER BY ordered.id, payment.id;

INSERT INTO "Finances".billing_po
       (client_id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status, created_at)
SELECT po.client_id, po.id, po.project_id, COALESCE(po.po_number, 'BILLING-' || po.project_id), 100, 18, 118,
       (ARRAY['FINAL', 'APPROVED', 'DRAFT', 'FINAL'])[1 + po.id / 5 % 4], po.created_at + INTERVAL '60 days'
  FROM "Finances".client_po AS po
 WHERE po.id % 5 = 0
 ORDER BY po.id;
INSERT INTO "Finances".billing_po
       (client_id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status, revises_id, created_at)
SELECT client_id, client_po_id, project_id, po_number, 110, 19.80, 129.80, 'FINAL', id, created_at + INTERVAL '1 day'
  FROM "Finances".billing_po
 WHERE status = 'FINAL'
   AND client_po_id % 20 = 0
 ORDER BY client_po_id;

INSERT INTO "Finances".quotation
       (store_id, store_location, full_address, company_name, total_area, subtotal, total_gst, total_amount, created_at)
SELECT 'ST-' || number / 2 * 104729::bigint % 1000003, 'Ring road ' || number, 'Ring road ' || number, 'Shop ' || number, '450',
       3000, 540, 3540, TIMESTAMPTZ '2024-01-01 09:00:00Z' + number * INTERVAL '1 hour'
  FROM generate_series(1, current_setting('bench.pos')::integer / 10) AS number;

INSERT INTO "Finances".quotation_line_item (quotation_id, name, quantity, units, price, tax, gst_amount, total)
SELECT quotation.id, 'Item ' || place, 10, 'nos', 100, 18, 180, 1180
  FROM "Finances".quotation
 CROSS JOIN generate_series(1, 3) AS place;

-- A document for every PO, and a session of files for every project, a file for every PO of it.
INSERT INTO "Finances".project_document
       (project_id, client_po_id, po_number, original_filename, document_name, stored_filename, compressed_filename,
        mime_type, original_size, compressed_size, file_hash, document_type, created_at)
SELECT po.project_id, po.id, po.po_number, file.name, file.name, file.hash || '.pdf', file.hash || '.zip', 'application/pdf',
       40000, 30000, file.hash || file.hash, (ARRAY['PO', 'PO', 'INVOICE', 'DRAWING'])[1 + po.id % 4], po.created_at
  FROM "Finances".client_po AS po
 CROSS JOIN LATERAL (SELECT 'order-' || po.id * 7919 % 99999989 || '.pdf' AS name, md5(po.id::text) AS hash) AS file
 ORDER BY po.id;

INSERT INTO "Finances".upload_session (id, session_id, created_at, expires_at, created_by)
SELECT md5('session ' || project.id), 'sess_generic_20240101_090000_' || lpad(project.id::text, 16, '0'),
       project.created_at, now() + INTERVAL '30 days', (SELECT min(id) FROM "Finances"."user")
  FROM "Finances".project
 ORDER BY project.id;
INSERT INTO "Finances".upload_file
       (id, session_id, po_number, original_filename, storage_filename, storage_path, file_size, compressed_size, is_compressed,
        mime_type, original_mime_type, file_hash, compressed_hash, upload_timestamp, uploaded_by)
SELECT md5('file ' || po.id), session.session_id, po.po_number, 'order-' || po.id || '.pdf', '20240101_090000_' || md5(po.id::text),
       session.session_id, 40000, 30000, FALSE, 'application/pdf', 'application/pdf', md5(po.id::text) || md5(po.id::text),
       md5(po.id::text) || md5(po.id::text), po.created_at, 'bench'
  FROM "Finances".client_po AS po
  JOIN "Finances".upload_session AS session ON session.id = md5('session ' || po.project_id)
 ORDER BY po.id;

SELECT "Finances".recount_kept_totals();
