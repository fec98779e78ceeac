-- Shape B: the minimum that a repair script made. A vendor order has `amount` and no `po_value`; bills have six columns and are
-- numbered by bigint; upload statistics count over everything. The rows break no rule of today's schema.

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
    status     varchar,
    created_at timestamp DEFAULT now()
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
    created_at     timestamp DEFAULT now()
);
CREATE INDEX idx_vendor_gstin ON vendor (gstin);
CREATE TABLE client_po (
    id                bigserial PRIMARY KEY,
    client_id         bigint,
    project_id        bigint,
    po_number         varchar CONSTRAINT client_po_po_number_key UNIQUE,
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
    created_at        timestamp DEFAULT now()
);
CREATE TABLE client_po_line_item (
    id           bigserial PRIMARY KEY,
    client_po_id bigint,
    item_name    text NOT NULL,
    quantity     numeric,
    unit_price   numeric,
    total_price  numeric
);
CREATE TABLE po_project_mapping (
    id           bigserial PRIMARY KEY,
    client_po_id bigint NOT NULL,
    project_id   bigint NOT NULL,
    created_at   timestamp DEFAULT now(),
    UNIQUE (client_po_id, project_id)
);
CREATE TABLE client_payment (
    id               bigserial PRIMARY KEY,
    client_id        bigint NOT NULL,
    client_po_id     bigint,
    amount           numeric,
    payment_date     date,
    status           varchar DEFAULT 'PENDING',
    notes            text,
    is_tds_deducted  boolean DEFAULT false,
    tds_amount       numeric(15,2) DEFAULT 0,
    transaction_type varchar(20) DEFAULT 'credit',
    created_at       timestamp DEFAULT now()
);
CREATE TABLE vendor_order (
    id         bigserial PRIMARY KEY,
    vendor_id  bigint NOT NULL REFERENCES vendor (id),
    po_number  varchar(100) NOT NULL,
    amount     numeric NOT NULL,
    status     varchar(50) DEFAULT 'PENDING',
    created_at timestamp DEFAULT now()
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
    id              bigserial PRIMARY KEY,
    vendor_id       bigint REFERENCES vendor (id),
    vendor_order_id bigint REFERENCES vendor_order (id),
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
    id         bigserial PRIMARY KEY,
    client_id  bigint NOT NULL,
    po_number  varchar(100) NOT NULL UNIQUE,
    amount     numeric NOT NULL,
    status     varchar DEFAULT 'PENDING',
    created_at timestamp DEFAULT now()
);
CREATE TABLE billing_po_line_item (
    id               bigserial PRIMARY KEY,
    billing_po_id    bigint NOT NULL REFERENCES billing_po (id) ON DELETE CASCADE,
    item_description text NOT NULL,
    quantity         numeric NOT NULL,
    unit_price       numeric NOT NULL,
    amount           numeric NOT NULL
);
CREATE TABLE upload_session (
    id            varchar(36) PRIMARY KEY,
    session_id    varchar(36) NOT NULL UNIQUE,
    created_at    timestamp DEFAULT now(),
    expires_at    timestamp NOT NULL,
    metadata      jsonb DEFAULT '{}',
    status        varchar(20) DEFAULT 'active',
    last_activity timestamp DEFAULT now()
);
CREATE TABLE upload_file (
    id                 varchar(36) PRIMARY KEY,
    session_id         varchar(36) NOT NULL REFERENCES upload_session (session_id) ON DELETE CASCADE,
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
    metadata           jsonb,
    status             varchar(20) DEFAULT 'active'
);
CREATE TABLE upload_stats (
    id               bigserial PRIMARY KEY,
    total_files      bigint NOT NULL DEFAULT 0,
    total_sessions   bigint NOT NULL DEFAULT 0,
    total_size_bytes bigint NOT NULL DEFAULT 0,
    last_updated     timestamp NOT NULL,
    session_id       varchar(36)
);

INSERT INTO client (id, name) VALUES (1, 'Bajaj'), (2, 'Dava India');
INSERT INTO project (id, client_id, name, status) VALUES (1, 1, 'Pune outlet', NULL);
INSERT INTO vendor (id, name, gstin) VALUES (1, 'Shakti Steel', '27AAPFU0939F1ZV'), (2, 'Om Electricals', '');
INSERT INTO client_po (id, client_id, project_id, po_number, po_value, status) VALUES
    (1, 1, NULL, 'PO-1001', 90000, NULL), (2, 1, 1, '', 30000, 'Draft');
INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, unit_price, total_price) VALUES
    (1, 1, 'Painting', 30, 3000, 90000);
INSERT INTO po_project_mapping (id, client_po_id, project_id) VALUES (1, 1, 1);
INSERT INTO client_payment (id, client_id, client_po_id, amount, payment_date, status) VALUES
    (1, 1, 1, 45000.5, '2026-01-05', 'CLEARED');
INSERT INTO vendor_order (id, vendor_id, po_number, amount, status) VALUES
    (1, 1, 'VO-1', 50000, 'PENDING'), (2, 2, 'VO-2', 7500.25, 'IN-PROGRESS');
INSERT INTO vendor_order_line_item (id, vendor_order_id, item_description, quantity, unit_price, amount) VALUES
    (1, 1, 'Steel beams', 25, 2000, 50000);
INSERT INTO vendor_payment (id, vendor_id, vendor_order_id, amount, payment_date, status, created_at) VALUES
    (1, 1, 1, 25000, NULL, 'cleared', '2026-01-07 22:30');
INSERT INTO payment_vendor_link (id, vendor_order_id, vendor_payment_id, amount_allocated) VALUES (1, 1, 1, NULL);
INSERT INTO billing_po (id, client_id, po_number, amount, status) VALUES
    (1, 1, 'PO-1001', 80000, 'FINAL'), (2, 1, 'PO-1003', 12000, 'PENDING');
INSERT INTO billing_po_line_item (id, billing_po_id, item_description, quantity, unit_price, amount) VALUES
    (1, 1, 'Painting, part one', 20, 4000, 80000), (2, 2, 'Painting, part two', 3, 4000, 12000);
INSERT INTO upload_session (id, session_id, expires_at) VALUES ('s1', 'session_1', '2026-01-08 04:30');
INSERT INTO upload_file (id, session_id, original_filename, storage_filename, storage_path, file_size) VALUES
    ('f1', 'session_1', 'a.pdf', 'a', '/srv/a', 10), ('f2', 'session_1', 'b.pdf', 'b', '/srv/b', 20);
INSERT INTO upload_stats (total_files, total_sessions, total_size_bytes, last_updated, session_id) VALUES
    (2, 1, 30, '2026-01-08 10:00', 'session_1');

-- The sequences stayed behind the ids that the script wrote.
