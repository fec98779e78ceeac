-- Shape A: made by the old program's own migrations. Bills are numbered by uuid; vendor orders carry final_po_value and
-- billing_status; all keys are in place. The rows break no rule of today's schema.

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
    status     varchar,
    location   varchar(255),
    city       varchar(100),
    state      varchar(100),
    country    varchar(100),
    latitude   numeric(10,7),
    longitude  numeric(10,7),
    created_at timestamp DEFAULT now()
);
CREATE INDEX idx_project_city_state ON project (city, state);
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
    payment_terms  varchar,
    status         varchar DEFAULT 'active',
    created_at     timestamp DEFAULT now(),
    updated_at     timestamp DEFAULT now()
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
    parent_po_id      bigint REFERENCES client_po (id),
    agreement_date    date,
    pi_number         varchar,
    pi_date           date,
    notes             text,
    vendor_id         bigint REFERENCES vendor (id),
    site_id           bigint REFERENCES site (id),
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
CREATE INDEX idx_client_po_project_id ON client_po (project_id);
CREATE INDEX idx_client_po_store_id ON client_po (store_id);
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
    UNIQUE (client_po_id, project_id)
);
CREATE TABLE client_payment (
    id                  bigserial PRIMARY KEY,
    client_id           bigint NOT NULL REFERENCES client (id),
    client_po_id        bigint REFERENCES client_po (id),
    amount              numeric,
    payment_date        date,
    status              varchar DEFAULT 'pending',
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
    vendor_id      bigint NOT NULL REFERENCES vendor (id),
    project_id     bigint REFERENCES project (id),
    client_po_id   integer,
    po_number      varchar(100) NOT NULL,
    po_value       numeric,
    po_date        date,
    due_date       date,
    description    text,
    status         varchar(50) DEFAULT 'pending',
    work_status    varchar(50) DEFAULT 'pending',
    payment_status varchar(50) DEFAULT 'pending',
    final_po_value numeric(12,2),
    billing_status text DEFAULT 'not_initiated',
    billing_notes  text,
    created_at     timestamp DEFAULT now(),
    CONSTRAINT fk_vendor_order_client_po FOREIGN KEY (client_po_id) REFERENCES client_po (id) ON DELETE SET NULL
);
CREATE TABLE vendor_order_line_item (
    id               bigserial PRIMARY KEY,
    vendor_order_id  bigint NOT NULL REFERENCES vendor_order (id) ON DELETE CASCADE,
    item_description varchar(500) NOT NULL,
    quantity         numeric(10,2),
    unit_price       numeric(15,2),
    amount           numeric(15,2) NOT NULL,
    created_at       timestamp DEFAULT now()
);
CREATE TABLE vendor_payment (
    id               bigserial PRIMARY KEY,
    vendor_id        bigint REFERENCES vendor (id),
    vendor_order_id  bigint REFERENCES vendor_order (id) ON DELETE CASCADE,
    amount           numeric,
    payment_date     date,
    status           varchar DEFAULT 'pending',
    payment_mode     varchar(50) DEFAULT 'bank_transfer',
    reference_number varchar(100),
    notes            text,
    created_at       timestamp DEFAULT now(),
    updated_at       timestamp DEFAULT now()
);
CREATE TABLE payment_vendor_link (
    id                bigserial PRIMARY KEY,
    vendor_order_id   bigint NOT NULL REFERENCES vendor_order (id) ON DELETE CASCADE,
    vendor_payment_id bigint NOT NULL REFERENCES vendor_payment (id) ON DELETE CASCADE,
    amount_allocated  numeric(15,2),
    created_at        timestamp DEFAULT now(),
    UNIQUE (vendor_payment_id, vendor_order_id)
);
CREATE TABLE billing_po (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    client_po_id  integer REFERENCES client_po (id),
    project_id    integer REFERENCES project (id),
    po_number     text NOT NULL,
    billed_value  numeric(12,2) DEFAULT 0,
    billed_gst    numeric(12,2) DEFAULT 0,
    billed_total  numeric(12,2) DEFAULT 0,
    billing_notes text,
    status        text DEFAULT 'FINAL',
    created_at    timestamp DEFAULT now(),
    updated_at    timestamp DEFAULT now()
);
CREATE UNIQUE INDEX idx_billing_po_unique_per_project ON billing_po (project_id) WHERE status = 'FINAL';
CREATE TABLE billing_po_line_item (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    billing_po_id uuid NOT NULL REFERENCES billing_po (id) ON DELETE CASCADE,
    description   text NOT NULL,
    qty           numeric(12,2) NOT NULL,
    rate          numeric(12,2) NOT NULL,
    total         numeric(12,2) NOT NULL,
    created_at    timestamp DEFAULT now(),
    updated_at    timestamp DEFAULT now()
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
    id         varchar(36) PRIMARY KEY,
    session_id varchar(255) NOT NULL UNIQUE,
    created_at timestamp DEFAULT now(),
    expires_at timestamp NOT NULL,
    metadata   jsonb DEFAULT '{}',
    status     varchar(20) DEFAULT 'active'
);
CREATE TABLE upload_file (
    id                 varchar(36) PRIMARY KEY,
    session_id         varchar(255) NOT NULL REFERENCES upload_session (session_id) ON DELETE CASCADE,
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
CREATE FUNCTION update_upload_stats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE "Finances".upload_stats SET total_uploads = 2 WHERE session_id = NEW.session_id;
    RETURN NEW;
END
$$;
CREATE FUNCTION initialize_upload_stats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "Finances".upload_stats (id, session_id) VALUES (NEW.id, NEW.session_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER trigger_initialize_upload_stats AFTER INSERT ON upload_session
    FOR EACH ROW EXECUTE FUNCTION initialize_upload_stats();
CREATE TRIGGER trigger_update_upload_stats AFTER INSERT ON upload_file
    FOR EACH ROW EXECUTE FUNCTION update_upload_stats();

INSERT INTO client (id, name, created_at) VALUES
    (1, 'Bajaj', '2025-12-01 10:00'), (2, 'Dava India', '2025-12-01 10:00'), (5, 'Metro Stores', '2025-12-02 09:30');
INSERT INTO project (id, client_id, name, status, city, state, latitude, longitude, created_at) VALUES
    (1, 1, 'Pune outlet', 'Active', 'Pune', 'Maharashtra', 18.5204000, 73.8567000, '2025-12-03 11:00'),
    (2, 2, 'Surat pharmacy', 'completed', 'Surat', 'Gujarat', NULL, NULL, '2025-12-04 11:00');
INSERT INTO site (id, store_id, site_name, city) VALUES (1, 'ST-104', 'Pune Camp', 'Pune');
INSERT INTO vendor (id, name, status) VALUES (1, 'Shakti Steel', 'ACTIVE'), (2, 'Om Electricals', 'inactive');
INSERT INTO client_po (id, client_id, project_id, po_number, po_date, po_value, total_tax, status, store_id, site_id, created_at) VALUES
    (1, 1, 1, 'PO-1001', '2025-12-05', 118000, 18000, 'active', 'ST-104', 1, '2025-12-05 12:00'),
    (2, 2, 2, 'PO-1002', '2025-12-06', 50000, 0, 'pending', NULL, NULL, '2025-12-06 12:00');
INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, unit_price, rate, total_price, gst_amount, gross_amount) VALUES
    (1, 1, 'False ceiling', 10, 6000, 6000, 60000, 10800, 70800),
    (2, 1, 'Lighting', 4, 10000, 10000, 40000, 7200, 47200);
INSERT INTO po_project_mapping (id, client_po_id, project_id, created_at) VALUES (1, 1, 1, '2025-12-05 12:00');
INSERT INTO client_payment (id, client_id, client_po_id, amount, payment_date, status, payment_mode, is_tds_deducted, tds_amount, created_at) VALUES
    (1, 1, 1, 59000, '2025-12-20', 'CLEARED', 'NEFT', true, 1000, '2025-12-20 15:00'),
    (2, 2, 2, 10000, '2025-12-21', 'Pending', 'Bank Transfer', false, 0, '2025-12-21 15:00');
INSERT INTO vendor_order (id, vendor_id, project_id, client_po_id, po_number, po_value, po_date, status, work_status, payment_status, final_po_value, created_at) VALUES
    (1, 1, 1, 1, 'VO-1', 50000, '2025-12-10', 'PENDING', 'ongoing', 'unpaid', 51000, '2025-12-10 09:00'),
    (2, 2, 1, NULL, 'VO-2', 8000, '2025-12-11', 'completed', 'completed', 'paid', NULL, '2025-12-11 09:00');
INSERT INTO vendor_order_line_item (id, vendor_order_id, item_description, quantity, unit_price, amount) VALUES
    (1, 1, 'Steel beams', 25, 2000, 50000);
INSERT INTO vendor_payment (id, vendor_id, vendor_order_id, amount, payment_date, status, created_at) VALUES
    (1, NULL, 2, 8000, '2025-12-22', 'CLEARED', '2025-12-22 10:00'),
    (2, 1, NULL, 20000, '2025-12-23', 'cleared', '2025-12-23 10:00');
INSERT INTO payment_vendor_link (id, vendor_order_id, vendor_payment_id, amount_allocated) VALUES (1, 1, 2, 15000);
INSERT INTO billing_po (id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status, created_at) VALUES
    ('00000000-0000-4000-8000-000000000001', 1, 1, 'PO-1001', 100000, 18000, 118000, 'FINAL', '2025-12-24 10:00'),
    ('00000000-0000-4000-8000-000000000002', 2, NULL, 'PO-1002', 40000, 0, 40000, 'APPROVED', '2025-12-25 10:00');
INSERT INTO billing_po_line_item (billing_po_id, description, qty, rate, total) VALUES
    ('00000000-0000-4000-8000-000000000001', 'Ceiling and lights', 1, 100000, 100000);
INSERT INTO "user" (id, username, email, password_hash, created_at) VALUES
    (3, 'anita', 'anita@example.com', '$2b$12$abcdefghijklmnopqrstuuMZqX8sGq0XxJwq5Vw8bq8n1N5e5e5e6', '2025-12-01 04:30'),
    (4, 'bharat', 'bharat@example.com', '$2b$12$abcdefghijklmnopqrstuuMZqX8sGq0XxJwq5Vw8bq8n1N5e5e5e6', '2025-12-02 04:30');
INSERT INTO upload_session (id, session_id, created_at, expires_at, status) VALUES
    ('11111111-1111-4111-8111-111111111111', 'session_1', '2025-12-05 10:00', '2025-12-06 04:30', 'ACTIVE');
INSERT INTO upload_file (id, session_id, po_number, original_filename, storage_filename, storage_path, file_size, mime_type) VALUES
    ('22222222-2222-4222-8222-222222222222', 'session_1', 'PO-1001', 'po.pdf', 'a.pdf', '/srv/uploads/a.pdf', 1000, 'application/pdf');

SELECT setval('client_id_seq', 5), setval('project_id_seq', 2), setval('site_id_seq', 1), setval('vendor_id_seq', 2),
       setval('client_po_id_seq', 2), setval('client_po_line_item_id_seq', 2), setval('po_project_mapping_id_seq', 1),
       setval('client_payment_id_seq', 2), setval('vendor_order_id_seq', 2), setval('vendor_order_line_item_id_seq', 1),
       setval('vendor_payment_id_seq', 2), setval('payment_vendor_link_id_seq', 1), setval('user_id_seq', 4);
