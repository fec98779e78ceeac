-- Shape D: the live database after the later scripts. Vendor orders have a category and may lack a vendor, their lines have the
-- new names, quotations exist, `vendor.gstin` is gone. The rows break no rule of today's schema.

CREATE SCHEMA "Finances";
SET search_path = "Finances";

CREATE TABLE client (
    id         bigserial PRIMARY KEY,
    name       varchar NOT NULL,
    created_at timestamp DEFAULT now()
);
CREATE TABLE project (
    id         bigserial PRIMARY KEY,
    client_id  bigint REFERENCES client (id),
    name       varchar NOT NULL,
    status     varchar DEFAULT 'active',
    location   varchar(255),
    city       varchar(100),
    state      varchar(100),
    country    varchar(100),
    latitude   numeric(10,7),
    longitude  numeric(10,7),
    created_at timestamp DEFAULT now()
);
CREATE TABLE site (
    id          bigserial PRIMARY KEY,
    store_id    varchar UNIQUE,
    site_name   varchar NOT NULL,
    address     text,
    city        varchar,
    state       varchar,
    postal_code varchar,
    created_at  timestamp DEFAULT now()
);
CREATE TABLE vendor (
    id                 bigserial PRIMARY KEY,
    name               varchar NOT NULL,
    contact_person     varchar,
    email              varchar,
    phone              varchar,
    address            text,
    payment_terms      varchar,
    status             varchar DEFAULT 'active',
    master_type        varchar(50),
    rate_configuration jsonb,
    created_at         timestamp DEFAULT now(),
    updated_at         timestamp DEFAULT now()
);
CREATE TABLE client_po (
    id                bigserial PRIMARY KEY,
    client_id         bigint REFERENCES client (id),
    project_id        bigint REFERENCES project (id),
    po_number         varchar,
    po_date           date,
    po_value          numeric,
    receivable_amount numeric,
    status            varchar,
    po_type           varchar DEFAULT 'standard',
    parent_po_id      bigint,
    agreement_date    date,
    pi_number         varchar,
    pi_date           date,
    notes             text,
    vendor_id         bigint,
    site_id           bigint,
    vendor_gstin      varchar,
    bill_to_gstin     varchar,
    vendor_address    text,
    bill_to_address   text,
    ship_to_address   text,
    subtotal          numeric,
    cgst              numeric,
    sgst              numeric,
    igst              numeric,
    total_tax         numeric,
    store_id          varchar(100),
    created_at        timestamp DEFAULT now()
);
CREATE UNIQUE INDEX client_po_po_number_key ON client_po (po_number);
CREATE INDEX idx_client_po_pi_number ON client_po (pi_number);
CREATE TABLE client_po_line_item (
    id           bigserial PRIMARY KEY,
    client_po_id bigint REFERENCES client_po (id) ON DELETE CASCADE,
    item_name    text NOT NULL,
    quantity     numeric,
    unit_price   numeric,
    total_price  numeric,
    hsn_code     varchar,
    unit         varchar,
    rate         numeric,
    gst_amount   numeric,
    gross_amount numeric
);
CREATE TABLE po_project_mapping (
    id           bigserial PRIMARY KEY,
    client_po_id bigint NOT NULL REFERENCES client_po (id) ON DELETE CASCADE,
    project_id   bigint NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    created_at   timestamp DEFAULT now(),
    CONSTRAINT unique_po_project UNIQUE (client_po_id, project_id)
);
CREATE TABLE client_payment (
    id                  bigserial PRIMARY KEY,
    client_id           bigint NOT NULL REFERENCES client (id),
    client_po_id        bigint REFERENCES client_po (id),
    amount              numeric,
    payment_date        date,
    status              varchar DEFAULT 'PENDING',
    payment_mode        varchar(50) DEFAULT 'neft',
    payment_stage       varchar(50) DEFAULT 'other',
    notes               text,
    is_tds_deducted     boolean DEFAULT false,
    tds_amount          numeric(15,2) DEFAULT 0,
    received_by_account varchar(100),
    reference_number    varchar(100),
    transaction_type    varchar(20) DEFAULT 'credit',
    created_at          timestamp DEFAULT now()
);
CREATE TABLE vendor_order (
    id             bigserial PRIMARY KEY,
    vendor_id      bigint REFERENCES vendor (id),
    project_id     bigint REFERENCES project (id),
    client_po_id   bigint,
    po_number      varchar(100) NOT NULL,
    po_value       numeric,
    po_date        date,
    due_date       date,
    description    text,
    category       varchar(255),
    status         varchar(50) DEFAULT 'PENDING',
    work_status    varchar(50) DEFAULT 'pending',
    payment_status varchar(50) DEFAULT 'pending',
    created_at     timestamp DEFAULT now(),
    updated_at     timestamp DEFAULT now(),
    CONSTRAINT fk_vendor_order_client_po FOREIGN KEY (client_po_id) REFERENCES client_po (id) ON DELETE SET NULL
);
CREATE TABLE vendor_order_line_item (
    id                  bigserial PRIMARY KEY,
    vendor_order_id     bigint NOT NULL REFERENCES vendor_order (id) ON DELETE CASCADE,
    item_name           varchar(500) NOT NULL,
    quantity            numeric(10,2),
    unit_price          numeric(15,2),
    total_price         numeric(15,2),
    status              varchar(50) DEFAULT 'pending',
    delivery_progress   integer DEFAULT 0,
    vendor_id           bigint,
    client_line_item_id bigint,
    order_date          date,
    created_at          timestamp DEFAULT now(),
    updated_at          timestamp DEFAULT now()
);
CREATE TABLE vendor_payment (
    id               bigserial PRIMARY KEY,
    vendor_id        bigint REFERENCES vendor (id),
    vendor_order_id  bigint REFERENCES vendor_order (id),
    amount           numeric,
    payment_date     date,
    status           varchar DEFAULT 'PENDING',
    payment_mode     varchar(50) DEFAULT 'bank_transfer',
    reference_number varchar(100),
    notes            text,
    created_at       timestamp DEFAULT now(),
    updated_at       timestamp DEFAULT now()
);
CREATE TABLE payment_vendor_link (
    id                bigserial PRIMARY KEY,
    vendor_order_id   bigint NOT NULL REFERENCES vendor_order (id),
    payment_id        bigint,
    vendor_payment_id bigint,
    link_type         varchar(20),
    amount_allocated  numeric(15,2),
    linked_at         timestamp DEFAULT now(),
    created_at        timestamp DEFAULT now()
);
CREATE TABLE billing_po (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    client_po_id  bigint REFERENCES client_po (id) ON DELETE CASCADE,
    project_id    bigint REFERENCES project (id) ON DELETE CASCADE,
    po_number     text NOT NULL,
    billed_value  numeric(15,2) DEFAULT 0,
    billed_gst    numeric(15,2) DEFAULT 0,
    billed_total  numeric(15,2) DEFAULT 0,
    billing_notes text,
    status        text DEFAULT 'FINAL',
    created_at    timestamptz DEFAULT now(),
    updated_at    timestamptz DEFAULT now()
);
CREATE TABLE billing_po_line_item (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    billing_po_id uuid REFERENCES billing_po (id) ON DELETE CASCADE,
    description   text,
    qty           numeric,
    rate          numeric,
    total         numeric,
    created_at    timestamptz DEFAULT now()
);
CREATE TABLE quotation (
    id             serial PRIMARY KEY,
    store_id       varchar(50) NOT NULL,
    store_location text NOT NULL,
    full_address   text NOT NULL,
    company_name   text NOT NULL,
    total_area     varchar(50) NOT NULL,
    total_amount   numeric DEFAULT 0,
    status         varchar(20) DEFAULT 'saved',
    created_at     timestamp DEFAULT now(),
    updated_at     timestamp DEFAULT now(),
    subtotal       numeric,
    total_gst      numeric
);
CREATE TABLE quotation_line_item (
    id           serial PRIMARY KEY,
    quotation_id integer REFERENCES quotation (id) ON DELETE CASCADE,
    name         text NOT NULL,
    hsn_sac_code varchar(20),
    type_of_boq  varchar(50),
    quantity     numeric DEFAULT 1,
    units        varchar(20),
    price        numeric DEFAULT 0,
    tax          numeric DEFAULT 18,
    gst_amount   numeric DEFAULT 0,
    total        numeric DEFAULT 0,
    created_at   timestamp DEFAULT now()
);
CREATE TABLE project_document (
    id                  bigserial PRIMARY KEY,
    project_id          bigint REFERENCES project (id),
    client_po_id        bigint REFERENCES client_po (id),
    document_name       varchar(255),
    document_path       varchar(500),
    original_filename   varchar(255),
    stored_filename     varchar(500),
    compressed_filename varchar(500),
    mime_type           varchar(150),
    original_size       bigint,
    compressed_size     bigint,
    description         text,
    uploaded_by         text,
    created_at          timestamp DEFAULT now()
);
CREATE TABLE "user" (
    id            serial PRIMARY KEY,
    username      varchar(255) NOT NULL UNIQUE,
    email         varchar(255) NOT NULL UNIQUE,
    password_hash varchar(255) NOT NULL,
    created_at    timestamp DEFAULT now(),
    updated_at    timestamp DEFAULT now()
);

INSERT INTO client (id, name) VALUES (1, 'Bajaj'), (2, 'Dava India');
INSERT INTO project (id, client_id, name, status) VALUES (1, 1, 'Delhi', 'active'), (2, 2, 'Nagpur', 'cancelled');
INSERT INTO vendor (id, name, master_type, rate_configuration) VALUES
    (1, 'Shakti Steel', 'steel', '[{"item": "beam", "rate": 2000}]'), (2, 'Om Electricals', NULL, NULL);
INSERT INTO client_po (id, client_id, project_id, po_number, po_date, po_value, total_tax, status) VALUES
    (1, 1, 1, 'PO-1', '2026-03-01', 60000, 0, 'fulfilled'), (2, 2, 2, 'PO-2', '2026-03-02', 11800, 1800, 'cancelled');
UPDATE client_po SET parent_po_id = 1 WHERE id = 2;
INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, unit_price, rate, total_price, gst_amount, gross_amount) VALUES
    (1, 1, 'Beams', 25, 2400, 2400, 60000, 0, 60000), (2, 2, 'Wiring', 1, 10000, 10000, 10000, 1800, 11800);
INSERT INTO po_project_mapping (id, client_po_id, project_id) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO client_payment (id, client_id, client_po_id, amount, payment_date, status, transaction_type) VALUES
    (1, 1, 1, 30000, '2026-03-05', 'completed', 'CREDIT');
INSERT INTO vendor_order (id, vendor_id, project_id, client_po_id, po_number, po_value, category, status, work_status, payment_status) VALUES
    (1, 1, 1, 1, 'VO-1', 51000.01, 'Civil', 'PENDING', 'In-Progress', 'partially_paid'),
    (2, NULL, 1, 1, 'VO-2', 4000, NULL, 'approved', 'pending', 'completed');
INSERT INTO vendor_order_line_item (id, vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id, client_line_item_id) VALUES
    (1, 1, 'Beam', 25, 2000, 50000, NULL, 1), (2, 1, 'Bolts', 3, 333.34, 1000.01, 1, NULL), (3, 2, 'Wire', 40, 100, 4000, 2, 2);
INSERT INTO vendor_payment (id, vendor_id, vendor_order_id, amount, payment_date, status) VALUES
    (1, NULL, 1, 20000, '2026-03-07', 'cleared'), (2, 1, NULL, 40000, '2026-03-08', 'bounced');
INSERT INTO payment_vendor_link (id, vendor_order_id, payment_id, vendor_payment_id, link_type, amount_allocated) VALUES
    (1, 1, 1, NULL, 'incoming', 25000), (2, 1, NULL, 2, NULL, 1000);
INSERT INTO billing_po (id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status) VALUES
    ('00000000-0000-4000-8000-00000000000a', 1, 1, 'PO-1', 50000, 9000, 59000, 'FINAL'),
    ('00000000-0000-4000-8000-00000000000b', 1, NULL, 'PO-1', 10000, 1800, 11800, 'FINAL');
INSERT INTO billing_po_line_item (billing_po_id, description, qty, rate, total) VALUES
    ('00000000-0000-4000-8000-00000000000a', 'Beams', 1, 50000, 50000);
INSERT INTO quotation (id, store_id, store_location, full_address, company_name, total_area, total_amount, subtotal, total_gst) VALUES
    (1, 'ST-9', 'Delhi', 'Karol Bagh', 'Metro', '1200', 235.99, 199.99, 36);
INSERT INTO quotation_line_item (id, quotation_id, name, quantity, price, tax, gst_amount, total) VALUES
    (1, 1, 'Panel', 2, 99.995, 18, 36, 235.99);
INSERT INTO "user" (id, username, email, password_hash) VALUES
    (1, 'john_doe', 'john@example.com', '$2b$12$abcdefghijklmnopqrstuuMZqX8sGq0XxJwq5Vw8bq8n1N5e5e5e6');
INSERT INTO project_document (id, project_id, client_po_id, document_name, original_filename, uploaded_by) VALUES
    (1, 1, NULL, 'a.pdf', 'a.pdf', 'Ravi'), (2, NULL, 1, 'b.pdf', 'b.pdf', '1');

SELECT setval('client_id_seq', 2), setval('project_id_seq', 2), setval('vendor_id_seq', 2), setval('client_po_id_seq', 2),
       setval('client_po_line_item_id_seq', 2), setval('po_project_mapping_id_seq', 2), setval('client_payment_id_seq', 1),
       setval('vendor_order_id_seq', 2), setval('vendor_order_line_item_id_seq', 3), setval('vendor_payment_id_seq', 2),
       setval('payment_vendor_link_id_seq', 2), setval('quotation_id_seq', 1), setval('quotation_line_item_id_seq', 1),
       setval('user_id_seq', 1), setval('project_document_id_seq', 2);
