-- A bill with what follows from other rows, so that the rule by which bills count is written once (vendor contract, sections
-- 3 and 4.4). What a query does not ask for costs it nothing: other rows are in columns of their own, or joined by outer
-- joins to one row.
CREATE OR REPLACE VIEW "Finances".billing_po_figures AS
SELECT bill.id,
       bill.legacy_id,
       bill.client_po_id,
       bill.project_id,
       bill.po_number,
       bill.billed_value,
       bill.billed_gst,
       bill.billed_total,
       bill.billing_notes,
       bill.approval_notes,
       approver.username AS approved_by,
       bill.approved_at,
       bill.status,
       bill.revises_id,
       (SELECT revision.id
          FROM "Finances".billing_po AS revision
         WHERE revision.revises_id = bill.id
           AND revision.status IN ('FINAL', 'APPROVED')
         ORDER BY revision.id
         LIMIT 1) AS superseded_by_id,
       -- Final and approved bills count until a revision that is one of both takes their place.
       bill.status IN ('FINAL', 'APPROVED')
           AND NOT EXISTS (
               SELECT
                 FROM "Finances".billing_po AS revision
                WHERE revision.revises_id = bill.id
                  AND revision.status IN ('FINAL', 'APPROVED')
               ) AS counted,
       bill.version,
       line.entries AS line_item_count,
       line.total AS line_total,
       bill.billed_value - line.total AS difference,
       bill.created_at,
       bill.updated_at
  FROM "Finances".billing_po AS bill
  LEFT JOIN "Finances"."user" AS approver ON approver.id = bill.approved_by
  LEFT JOIN LATERAL (
       SELECT count(*) AS entries,
              COALESCE(sum(entry.total), 0) AS total
         FROM "Finances".billing_po_line_item AS entry
        WHERE entry.billing_po_id = bill.id
       ) AS line ON TRUE;
