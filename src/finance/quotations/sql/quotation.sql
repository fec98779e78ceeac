SELECT quotation.id AS "id: QuotationId",
       quotation.store_id,
       quotation.store_location,
       quotation.full_address,
       quotation.company_name,
       quotation.total_area,
       quotation.subtotal AS "subtotal: Money",
       quotation.total_gst AS "total_gst: Money",
       quotation.total_amount AS "total_amount: Money",
       quotation.status,
       quotation.version,
       quotation.created_at,
       quotation.updated_at,
       item.ids AS "item_ids: Vec<QuotationItemId>",
       item.names AS "names: Vec<String>",
       item.codes AS "codes: Vec<Option<String>>",
       item.kinds AS "kinds: Vec<Option<String>>",
       item.quantities AS "quantities: Vec<Option<Quantity>>",
       item.units AS "units: Vec<Option<String>>",
       item.prices AS "prices: Vec<Option<Rate>>",
       item.taxes AS "taxes: Vec<Option<Percent>>",
       item.gst_amounts AS "gst_amounts: Vec<Option<Money>>",
       item.totals AS "totals: Vec<Option<Money>>",
       item.created_ats AS "item_created_ats: Vec<Option<DateTime<Utc>>>"
  FROM "Finances".quotation
 CROSS JOIN LATERAL (
       -- Every list is in the order of the rows that it is made from.
       SELECT array_agg(line.id) AS ids,
              array_agg(line.name) AS names,
              array_agg(line.hsn_sac_code) AS codes,
              array_agg(line.type_of_boq) AS kinds,
              array_agg(line.quantity) AS quantities,
              array_agg(line.units) AS units,
              array_agg(line.price) AS prices,
              array_agg(line.tax) AS taxes,
              array_agg(line.gst_amount) AS gst_amounts,
              array_agg(line.total) AS totals,
              array_agg(line.created_at) AS created_ats
         FROM (
               SELECT id, name, hsn_sac_code, type_of_boq, quantity, units, price, tax, gst_amount, total, created_at
                 FROM "Finances".quotation_line_item
                WHERE quotation_id = quotation.id
                ORDER BY id
              ) AS line
       ) AS item
 WHERE quotation.id = $1
