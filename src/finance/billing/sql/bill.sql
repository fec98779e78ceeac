SELECT bill.id AS "id!: BillingPoId",
       bill.client_po_id AS "client_po_id: ClientPoId",
       bill.project_id AS "project_id: ProjectId",
       bill.po_number AS "po_number!",
       bill.billed_value AS "billed_value!: Money",
       bill.billed_gst AS "billed_gst!: Money",
       bill.billed_total AS "billed_total!: Money",
       bill.billing_notes,
       bill.approval_notes,
       bill.approved_by AS "approved_by?",
       bill.approved_at,
       bill.status AS "status!",
       bill.revises_id AS "revises_id: BillingPoId",
       bill.superseded_by_id AS "superseded_by_id?: BillingPoId",
       bill.counted AS "counted!",
       bill.version AS "version!",
       bill.line_item_count AS "line_item_count!",
       bill.line_total AS "line_total!: Money",
       bill.difference AS "difference!: Money",
       bill.created_at AS "created_at!",
       bill.updated_at AS "updated_at!",
       line.ids AS "line_ids: Vec<BillingLineId>",
       line.descriptions,
       line.quantities AS "quantities: Vec<Quantity>",
       line.rates AS "rates: Vec<Rate>",
       line.totals AS "totals: Vec<Money>",
       line.created_ats AS "line_created_ats: Vec<Option<DateTime<Utc>>>",
       line.updated_ats AS "line_updated_ats: Vec<Option<DateTime<Utc>>>"
  FROM "Finances".billing_po_figures AS bill
 CROSS JOIN LATERAL (
       -- Every list is in the order of the rows that it is made from.
       SELECT array_agg(entry.id) AS ids,
              array_agg(entry.description) AS descriptions,
              array_agg(entry.qty) AS quantities,
              array_agg(entry.rate) AS rates,
              array_agg(entry.total) AS totals,
              array_agg(entry.created_at) AS created_ats,
              array_agg(entry.updated_at) AS updated_ats
         FROM (
               SELECT id, description, qty, rate, total, created_at, updated_at
                 FROM "Finances".billing_po_line_item
                WHERE billing_po_id = bill.id
                ORDER BY created_at, id
              ) AS entry
       ) AS line
 WHERE bill.id = $1
    OR bill.legacy_id = $2
