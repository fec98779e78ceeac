-- What an order earns and costs, and what was paid of it and for it (vendor contract, 4.2 and 4.3).
SELECT figures.id AS "id!: VendorOrderId",
       figures.version AS "version!",
       figures.po_value AS "po_value!: Money",
       figures.paid AS "paid!: Money",
       figures.payment_status AS "payment_status!",
       figures.client_po_id AS "client_po_id: ClientPoId",
       figures.is_live AS "is_live!",
       COALESCE(po.status = 'cancelled', FALSE) AS "is_po_cancelled!",
       line.billable AS "by_lines: Money",
       -- The PO's net value shared by what the live orders for it are worth, rounded half away from zero to the paisa. In
       -- whole paise and without a fraction on the way, so that no digit is lost where a half is decided.
       CASE
           WHEN sibling.po_value > 0 THEN
               sign(po.net_value)
               * div(200 * abs(po.net_value) * figures.po_value + sibling.po_value, 2 * sibling.po_value) * 0.01
           ELSE 0
       END AS "pro_rata!: Money",
       link.linked_in AS "by_payments: Money",
       COALESCE(link.linked_in, 0) AS "linked_in!: Money",
       link.refunded AS "refunded!: Money",
       link.entries AS "link_count!",
       link.client_pos AS "client_pos!: Vec<ClientPoId>"
  FROM "Finances".vendor_order_overview AS figures
  LEFT JOIN LATERAL (
       SELECT status,
              po_value - COALESCE(total_tax, 0) AS net_value
         FROM "Finances".client_po
        WHERE client_po.id = figures.client_po_id
       ) AS po ON TRUE
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(po_value), 0) AS po_value
         FROM "Finances".vendor_order
        WHERE vendor_order.client_po_id = figures.client_po_id
          AND vendor_order.status NOT IN ('rejected', 'cancelled')
          AND vendor_order.work_status <> 'cancelled'
       ) AS sibling
 CROSS JOIN LATERAL (
       -- The client lines that the order's lines name; null if they name none. One that lines of several live orders name
       -- is shared by what those lines cost, each share rounded for itself as above.
       SELECT sum(CASE
                      WHEN named.orders = 1 THEN named.total_price
                      WHEN named.shared > 0 THEN
                          sign(named.total_price)
                          * div(200 * abs(named.total_price) * named.own + named.shared, 2 * named.shared) * 0.01
                      ELSE 0
                  END) AS billable
         FROM (
              SELECT COALESCE(client_line.total_price, 0) AS total_price,
                     sum(item.total_price) FILTER (WHERE item.vendor_order_id = figures.id) AS own,
                     sum(item.total_price) AS shared,
                     count(DISTINCT item.vendor_order_id) AS orders
                FROM "Finances".client_po_line_item AS client_line
                JOIN "Finances".vendor_order_line_item AS item ON item.client_line_item_id = client_line.id
                JOIN "Finances".vendor_order AS holder
                  ON holder.id = item.vendor_order_id
                 AND holder.status NOT IN ('rejected', 'cancelled')
                 AND holder.work_status <> 'cancelled'
               WHERE client_line.id IN (
                     SELECT own.client_line_item_id
                       FROM "Finances".vendor_order_line_item AS own
                      WHERE own.vendor_order_id = figures.id
                     )
               GROUP BY client_line.id
              ) AS named
       ) AS line
 CROSS JOIN LATERAL (
       -- Only money that arrived counts, whichever way it went.
       SELECT count(*) AS entries,
              CASE
                  WHEN bool_or(entry.link_type = 'incoming') THEN
                      COALESCE(sum(entry.amount_allocated) FILTER (WHERE entry.link_type = 'incoming' AND payment.is_paid), 0)
              END AS linked_in,
              COALESCE(sum(entry.amount_allocated) FILTER (WHERE entry.link_type = 'outgoing' AND payment.is_paid), 0)
                  AS refunded,
              ARRAY(
                  SELECT DISTINCT named.id
                    FROM unnest(array_agg(payment.client_po_id) FILTER (WHERE entry.link_type = 'incoming')
                                || figures.client_po_id) AS named (id)
                   WHERE named.id IS NOT NULL
                   ORDER BY named.id
              ) AS client_pos
         FROM "Finances".payment_vendor_link AS entry
         LEFT JOIN LATERAL (
              SELECT client_payment.client_po_id,
                     client_payment.status IN ('cleared', 'completed', 'reconciled') AS is_paid
                FROM "Finances".client_payment
               WHERE client_payment.id = entry.payment_id
              ) AS payment ON TRUE
        WHERE entry.vendor_order_id = figures.id
       ) AS link
 WHERE figures.id = $1
