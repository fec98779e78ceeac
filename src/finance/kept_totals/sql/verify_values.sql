-- The maintained value of each document against its lines, or what was stated of it.
SELECT 'client_po/' || po.id AS "what!",
       format('po_value %s, total_tax %s', po.po_value, COALESCE(po.total_tax, 0)) AS "kept!",
       format('po_value %s, total_tax %s', expected.value, expected.tax) AS "counted!"
  FROM "Finances".client_po AS po
 CROSS JOIN LATERAL (
       SELECT count(*) AS entries,
              COALESCE(sum(item.total_price), 0) AS net,
              COALESCE(sum(item.gst_amount), 0) AS tax
         FROM "Finances".client_po_line_item AS item
        WHERE item.client_po_id = po.id
       ) AS line
 CROSS JOIN LATERAL (
       SELECT CASE po.value_basis WHEN 'lines' THEN line.net + line.tax ELSE COALESCE(po.stated_value, 0) END AS value,
              CASE po.value_basis WHEN 'lines' THEN line.tax ELSE COALESCE(po.stated_tax, 0) END AS tax
       ) AS expected
 WHERE (po.po_value, COALESCE(po.total_tax, 0)) <> (expected.value, expected.tax)
 UNION ALL
SELECT 'vendor_order/' || ordered.id,
       format('po_value %s', ordered.po_value),
       format('po_value %s', expected.value)
  FROM "Finances".vendor_order AS ordered
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(item.total_price), 0) AS total
         FROM "Finances".vendor_order_line_item AS item
        WHERE item.vendor_order_id = ordered.id
       ) AS line
 CROSS JOIN LATERAL (
       SELECT CASE ordered.value_basis WHEN 'lines' THEN line.total ELSE COALESCE(ordered.stated_value, 0) END AS value
       ) AS expected
 WHERE ordered.po_value <> expected.value
 UNION ALL
SELECT 'billing_po/' || bill.id,
       format('billed_total %s', bill.billed_total),
       format('billed_total %s', bill.billed_value + bill.billed_gst)
  FROM "Finances".billing_po AS bill
 WHERE bill.billed_total <> bill.billed_value + bill.billed_gst
   -- Adopted bills keep what they said; the adoption tells of them.
   AND NOT EXISTS (
       SELECT
         FROM "Finances".adoption_report AS report
        WHERE report.table_name = 'billing_po'
          AND report.rule = 'billing_total_mismatch'
          AND report.row_id IN (bill.id::text, bill.legacy_id::text)
       )
 UNION ALL
SELECT 'quotation/' || quotation.id,
       format('subtotal %s, total_gst %s, total_amount %s', quotation.subtotal, quotation.total_gst, quotation.total_amount),
       format('subtotal %s, total_gst %s, total_amount %s', line.total - line.gst, line.gst, line.total)
  FROM "Finances".quotation
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(item.gst_amount), 0) AS gst,
              COALESCE(sum(item.total), 0) AS total
         FROM "Finances".quotation_line_item AS item
        WHERE item.quotation_id = quotation.id
       ) AS line
 WHERE (quotation.subtotal, quotation.total_gst, quotation.total_amount) <> (line.total - line.gst, line.gst, line.total)
   -- Adopted ones keep what they said.
   AND EXISTS (
       SELECT
         FROM "Finances".audit_entry AS entry
        WHERE entry.entity = 'quotation'
          AND entry.entity_id = quotation.id::text
          AND entry.action = 'created'
       )
 ORDER BY 1
