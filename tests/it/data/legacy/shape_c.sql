-- Shape C: the live database of early 2026. `vendor_order.amount` was renamed to `po_value`; bills have thirteen columns and a
-- bigint id; their lines carry both families of names; documents have five columns. The rows break no rule of today's schema.

CREATE SCHEMA "Finances";
SET search_path = "Finances";

CREATE TABLE client (
    id         bigserial PRIMARY KEY,
    name       varchar NOT NULL,
    created_at timestamp DEFAULT now()
);
CREATE TABLE project (
    id         bigserial PRIMARY KEY,
    client_id  bigint,
    name       varchar NOT NULL,
    status     varchar DEFAULT 'Active',
    location   varchar(255),
    city       varchar(100),
    state      varchar(100),
    country    varchar(100),
    latitude   numeric,
    longitude  numeric,
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
    id             bigserial PRIMARY KEY,
    name           varchar NOT NULL,
    contact_person varchar,
    email          varchar,
    phone          varchar,
    address        text,
    gstin          varchar,
    payment_terms  varchar,
    status         varchar DEFAULT 'active',
    created_at     timestamp DEFAULT now(),
    updated_at     timestamp
);
CREATE TABLE client_po (
    id                bigserial PRIMARY KEY,
    client_id         bigint,
    project_id        bigint,
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
CREATE INDEX idx_client_po_client_id_store_id ON client_po (client_id, store_id);
CREATE TABLE client_po_line_item (
    id           bigserial PRIMARY KEY,
    client_po_id bigint,
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
    client_po_id bigint NOT NULL,
    project_id   bigint NOT NULL,
    created_at   timestamp DEFAULT now(),
    UNIQUE (client_po_id, project_id)
);
CREATE TABLE client_payment (
    id                  bigserial PRIMARY KEY,
    client_id           bigint NOT NULL,
    client_po_id        bigint,
    amount              numeric,
    payment_date        date,
    status              varchar DEFAULT 'PENDING',
    payment_mode        varchar(50) DEFAULT 'neft',
    payment_stage       varchar(50) DEFAULT 'other',
    notes               text,
    is_tds_deducted     boolean DEFAULT false,
    tds_amount          numeric(15,2) DEFAULT 0,
    received_by_account varchar(100),
    transaction_type    varchar(20) DEFAULT 'credit',
    reference_number    varchar(100),
    created_at          timestamp DEFAULT now()
);
CREATE TABLE vendor_order (
    id             bigserial PRIMARY KEY,
    vendor_id      bigint NOT NULL,
    project_id     bigint,
    po_number      varchar(100) NOT NULL,
    po_value       numeric,
    po_date        date,
    due_date       date,
    status         varchar(50) DEFAULT 'PENDING',
    work_status    varchar(50) DEFAULT 'pending',
    payment_status varchar(50) DEFAULT 'pending',
    description    text,
    created_at     timestamp DEFAULT now()
);
CREATE TABLE vendor_order_line_item (
    id               bigserial PRIMARY KEY,
    vendor_order_id  bigint NOT NULL,
    item_description varchar(500) NOT NULL,
    quantity         numeric(10,2),
    unit_price       numeric(15,2),
    amount           numeric(15,2),
    created_at       timestamp DEFAULT now()
);
CREATE TABLE vendor_payment (
    id              bigserial PRIMARY KEY,
    vendor_id       bigint NOT NULL,
    vendor_order_id bigint,
    amount          numeric,
    payment_date    date,
    status          varchar DEFAULT 'PENDING',
    created_at      timestamp DEFAULT now()
);
CREATE TABLE payment_vendor_link (
    id                bigserial PRIMARY KEY,
    vendor_order_id   bigint NOT NULL,
    vendor_payment_id bigint NOT NULL,
    amount_allocated  numeric(15,2),
    created_at        timestamp DEFAULT now(),
    UNIQUE (vendor_payment_id, vendor_order_id)
);
CREATE TABLE billing_po (
    id            bigserial PRIMARY KEY,
    client_id     bigint NOT NULL,
    po_number     varchar(100) NOT NULL UNIQUE,
    amount        numeric,
    status        varchar DEFAULT 'PENDING',
    created_at    timestamp DEFAULT now(),
    client_po_id  bigint,
    project_id    bigint,
    billed_value  numeric DEFAULT 0,
    billed_gst    numeric DEFAULT 0,
    billed_total  numeric DEFAULT 0,
    billing_notes text,
    updated_at    timestamp DEFAULT now()
);
CREATE TABLE billing_po_line_item (
    id               bigserial PRIMARY KEY,
    billing_po_id    bigint NOT NULL,
    item_description text,
    quantity         numeric,
    unit_price       numeric,
    amount           numeric,
    description      text,
    qty              numeric,
    rate             numeric,
    total            numeric,
    created_at       timestamp DEFAULT now(),
    updated_at       timestamp DEFAULT now()
);
CREATE TABLE project_document (
    id            bigserial PRIMARY KEY,
    project_id    bigint NOT NULL,
    document_name varchar(255),
    document_path varchar(500),
    created_at    timestamp DEFAULT now()
);
CREATE TABLE "user" (
    id            serial PRIMARY KEY,
    username      varchar(255) NOT NULL UNIQUE,
    email         varchar(255) NOT NULL UNIQUE,
    password_hash varchar(255) NOT NULL,
    created_at    timestamp DEFAULT now(),
    updated_at    timestamp DEFAULT now()
);
CREATE TABLE upload_session (
    id            varchar(36) PRIMARY KEY,
    session_id    varchar(255) NOT NULL UNIQUE,
    created_at    timestamp DEFAULT now(),
    expires_at    timestamp NOT NULL,
    metadata      jsonb DEFAULT '{}',
    status        varchar(20) DEFAULT 'active',
    last_activity timestamp DEFAULT now()
);
CREATE TABLE upload_file (
    id                 varchar(36) PRIMARY KEY,
    session_id         varchar(255) NOT NULL,
    po_number          varchar(100),
    original_filename  varchar(500) NOT NULL,
    storage_filename   varchar(500) NOT NULL,
    storage_path       text NOT NULL,
    file_size          bigint NOT NULL,
    compressed_size    bigint,
    is_compressed      boolean DEFAULT true,
    mime_type          varchar(100),
    original_mime_type varchar(100),
    file_hash          varchar(64),
    compressed_hash    varchar(64),
    upload_timestamp   timestamp DEFAULT now(),
    uploaded_by        varchar(100),
    metadata           jsonb DEFAULT '{}',
    status             varchar(20) DEFAULT 'active'
);
CREATE TABLE upload_stats (
    id               varchar(36) PRIMARY KEY,
    session_id       varchar(255) NOT NULL UNIQUE,
    total_uploads    integer DEFAULT 0,
    total_downloads  integer DEFAULT 0,
    total_size_bytes bigint DEFAULT 0,
    last_activity    timestamp DEFAULT now()
);

INSERT INTO client (id, name, created_at) VALUES (1, 'Bajaj', '2026-02-10 21:32:15'), (2, 'Dava India', '2026-02-10 21:32:15');
INSERT INTO project (id, client_id, name, status, city, latitude, longitude, created_at) VALUES
    (3, 1, 'Delhi', 'Active', 'Delhi', 28.6139391, 77.2090212, '2026-02-11 10:00'),
    (4, 2, 'Nagpur', 'on_hold', 'Nagpur', NULL, NULL, '2026-02-11 11:00'),
    (9, 2, 'Indore', NULL, NULL, NULL, NULL, '2026-02-12 11:00');
INSERT INTO site (id, store_id, site_name) VALUES (48, 'ST-104', 'Delhi Karol Bagh');
INSERT INTO vendor (id, name, gstin) VALUES (5, 'Shakti Steel', '27AAPFU0939F1ZV'), (6, 'Shakti Steel', NULL);
INSERT INTO client_po (id, client_id, project_id, po_number, po_date, po_value, receivable_amount, status, store_id, site_id, total_tax, created_at) VALUES
    (133, 1, 3, '4100000002', '2026-02-12', 300000, 300000, 'pending', 'ST-104', 48, 0, '2026-02-12 20:45:04.988277'),
    (134, 1, 3, '4100000003', '2026-02-13', 236, 236, 'pending', '', NULL, 0, '2026-02-13 10:00'),
    (135, 2, NULL, 'PENDING-1770000000000', '2026-02-14', 118000, 118000, 'active', NULL, NULL, 18000, '2026-02-14 10:00'),
    (136, 2, 4, NULL, NULL, 150000, 150000, 'pending', NULL, NULL, NULL, '2026-02-15 10:00');
UPDATE client_po SET po_type = 'verbal_agreement', pi_number = 'PI-7', pi_date = '2026-02-15' WHERE id = 136;
INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, unit_price, rate, total_price, gst_amount, gross_amount) VALUES
    (7, 133, 'Steel rods', 50, NULL, NULL, 50000, NULL, NULL),
    (8, 133, 'Masonry', 1, 250000, 250000, 250000, NULL, NULL),
    (9, 134, 'Switch', 1, 100, 100, 100, 18, 118),
    (10, 134, 'Socket', 1, 100, 100, 100, 18, 118),
    (11, 135, 'Furniture', 1, 100000, 100000, 100000, 18000, 118000);
INSERT INTO po_project_mapping (id, client_po_id, project_id, created_at) VALUES
    (20, 133, 3, '2026-02-12 20:45'), (21, 135, 9, '2026-02-14 10:00'), (22, 135, 4, '2026-02-14 11:00');
INSERT INTO client_payment (id, client_id, client_po_id, amount, payment_date, status, payment_mode, created_at) VALUES
    (16, 1, 133, 100000, '2026-02-22', 'cleared', 'upi', '2026-02-22 16:41:53.873823'),
    (17, 1, 133, 50000, '2026-02-23', 'PENDING', 'imap', '2026-02-23 16:41');
INSERT INTO vendor_order (id, vendor_id, project_id, po_number, po_value, po_date, status, work_status, created_at) VALUES
    (10, 5, 3, 'VO-1', 50000, '2026-02-17', 'PENDING', 'ongoing', '2026-02-17 10:00'),
    (11, 6, 3, 'VO-2', 9000, '2026-02-18', 'PENDING', 'in-progress', '2026-02-18 10:00');
INSERT INTO vendor_order_line_item (id, vendor_order_id, item_description, quantity, unit_price, amount) VALUES
    (7, 10, 'Beam', 25, 2000, 50000), (8, 11, 'Paint', 10, 1000, 10000);
INSERT INTO vendor_payment (id, vendor_id, vendor_order_id, amount, payment_date, status, created_at) VALUES
    (3, 5, 10, 25000, '2026-02-17', 'completed', '2026-02-17 12:00');
INSERT INTO payment_vendor_link (id, vendor_order_id, vendor_payment_id, amount_allocated, created_at) VALUES
    (1, 10, 3, 25000, '2026-02-17 12:30');
INSERT INTO billing_po (id, client_id, po_number, amount, status, client_po_id, project_id, billed_value, billed_gst, billed_total, created_at) VALUES
    (1, 1, '4100000002', 90000, 'FINAL', 133, NULL, 0, 16200, 106200, '2026-02-20 10:00'),
    (2, 1, '4100000003', NULL, 'PENDING', 134, 3, 200, 36, 236, '2026-02-21 10:00'),
    (3, 2, 'PENDING-1', 5000, 'Approved', 135, NULL, 5000, 0, 5000, '2026-02-21 11:00');
INSERT INTO billing_po_line_item (id, billing_po_id, item_description, quantity, unit_price, amount, description, qty, rate, total) VALUES
    (1, 1, 'Steel', 9, 10000, 90000, NULL, NULL, NULL, NULL),
    (2, 2, NULL, NULL, NULL, NULL, 'Switches', 2, 100, 200);
INSERT INTO project_document (id, project_id, document_name, document_path, created_at) VALUES
    (9, 3, 'spec.pdf', '/uploads/spec_1.zip', '2026-02-19 10:00'), (10, 3, NULL, '/uploads/plan_2.pdf', '2026-02-19 11:00'),
    (11, 4, '', NULL, '2026-02-19 12:00');
INSERT INTO "user" (id, username, email, password_hash, created_at, updated_at) VALUES
    (1, 'john_doe', 'john@example.com', '$2b$12$abcdefghijklmnopqrstuuMZqX8sGq0XxJwq5Vw8bq8n1N5e5e5e6', '2026-02-10 10:00', '2026-02-10 15:30');
INSERT INTO upload_session (id, session_id, created_at, expires_at, metadata) VALUES
    ('s1', 'sess-1', '2026-02-12 10:00', '2026-02-13 04:30', '{"client_id": 1}');
INSERT INTO upload_file (id, session_id, original_filename, storage_filename, storage_path, file_size, metadata) VALUES
    ('f1', 'sess-1', 'po.xlsx', 'f1.xlsx', '/srv/uploads/f1.xlsx', 10, '{"parsed": true, "parser_type": "bajaj"}');
INSERT INTO upload_stats (id, session_id, total_uploads, total_size_bytes) VALUES ('t1', 'sess-1', 1, 10);

SELECT setval('client_id_seq', 2), setval('project_id_seq', 9), setval('site_id_seq', 48), setval('vendor_id_seq', 6),
       setval('client_po_id_seq', 136), setval('client_po_line_item_id_seq', 11), setval('po_project_mapping_id_seq', 22),
       setval('client_payment_id_seq', 17), setval('vendor_order_id_seq', 11), setval('vendor_order_line_item_id_seq', 8),
       setval('vendor_payment_id_seq', 3), setval('payment_vendor_link_id_seq', 1), setval('billing_po_id_seq', 3),
       setval('billing_po_line_item_id_seq', 2), setval('project_document_id_seq', 11), setval('user_id_seq', 1);
