-- A video rental shop, of the size and kind of Pagila: partitions, a domain, an enum, functions, an
-- aggregate, triggers, full-text search, views on views.

CREATE TYPE mpaa_rating AS ENUM ('G', 'PG', 'PG-13', 'R', 'NC-17');
CREATE DOMAIN year AS integer CONSTRAINT year_check CHECK (VALUE >= 1901 AND VALUE <= 2155);
CREATE DOMAIN "bıgint" AS bigint;

CREATE FUNCTION _group_concat(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$SELECT CASE WHEN $2 IS NULL THEN $1 WHEN $1 IS NULL THEN $2 ELSE $1 || ', ' || $2 END$$;
CREATE AGGREGATE group_concat(text) (SFUNC = _group_concat, STYPE = text);
CREATE FUNCTION last_updated() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN NEW.last_update = CURRENT_TIMESTAMP; RETURN NEW; END$$;

CREATE SEQUENCE actor_actor_id_seq;
CREATE TABLE actor (
  actor_id integer DEFAULT nextval('actor_actor_id_seq') PRIMARY KEY,
  first_name text NOT NULL, last_name text NOT NULL,
  last_update timestamptz NOT NULL DEFAULT now());
ALTER SEQUENCE actor_actor_id_seq OWNED BY actor.actor_id;
CREATE INDEX idx_actor_last_name ON actor (last_name);
CREATE TABLE category (
  category_id serial PRIMARY KEY, name text NOT NULL, last_update timestamptz NOT NULL DEFAULT now());
CREATE TABLE language (
  language_id serial PRIMARY KEY, name character(20) NOT NULL,
  last_update timestamptz NOT NULL DEFAULT now());
CREATE TABLE country (
  country_id serial PRIMARY KEY, country text NOT NULL, last_update timestamptz NOT NULL DEFAULT now());
CREATE TABLE city (
  city_id serial PRIMARY KEY, city text NOT NULL,
  country_id integer NOT NULL REFERENCES country ON UPDATE CASCADE ON DELETE RESTRICT,
  last_update timestamptz NOT NULL DEFAULT now());
CREATE INDEX idx_fk_country_id ON city (country_id);
CREATE TABLE address (
  address_id serial PRIMARY KEY, address text NOT NULL, address2 text, district text NOT NULL,
  city_id integer NOT NULL REFERENCES city ON UPDATE CASCADE ON DELETE RESTRICT,
  postal_code text, phone text NOT NULL, last_update timestamptz NOT NULL DEFAULT now());
CREATE INDEX idx_fk_city_id ON address (city_id);
CREATE TABLE film (
  film_id serial PRIMARY KEY, title text NOT NULL, description text, release_year year,
  language_id integer NOT NULL REFERENCES language,
  original_language_id integer REFERENCES language,
  rental_duration smallint NOT NULL DEFAULT 3, rental_rate numeric(4,2) NOT NULL DEFAULT 4.99,
  length smallint, replacement_cost numeric(5,2) NOT NULL DEFAULT 19.99,
  rating mpaa_rating DEFAULT 'G', last_update timestamptz NOT NULL DEFAULT now(),
  special_features text[], fulltext tsvector NOT NULL,
  CONSTRAINT film_rate_is_positive CHECK (rental_rate >= 0));
CREATE INDEX film_fulltext_idx ON film USING gist (fulltext);
CREATE INDEX idx_title ON film (title);
CREATE INDEX idx_fk_language_id ON film (language_id);
COMMENT ON TABLE film IS 'What can be rented';
COMMENT ON COLUMN film.fulltext IS 'Title and description, for search';
COMMENT ON INDEX film_fulltext_idx IS 'For the search page';
COMMENT ON CONSTRAINT film_rate_is_positive ON film IS 'No film is free money';
CREATE TABLE film_actor (
  actor_id integer REFERENCES actor, film_id integer REFERENCES film,
  last_update timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (actor_id, film_id));
CREATE INDEX idx_fk_film_id ON film_actor (film_id);
CREATE TABLE film_category (
  film_id integer REFERENCES film, category_id integer REFERENCES category,
  last_update timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (film_id, category_id));
CREATE TABLE store (
  store_id serial PRIMARY KEY, manager_staff_id integer NOT NULL,
  address_id integer NOT NULL REFERENCES address, last_update timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX idx_unq_manager_staff_id ON store (manager_staff_id);
CREATE TABLE staff (
  staff_id serial PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL,
  address_id integer NOT NULL REFERENCES address, email text,
  store_id integer NOT NULL REFERENCES store, active boolean NOT NULL DEFAULT true,
  username text NOT NULL, password text, last_update timestamptz NOT NULL DEFAULT now(),
  picture bytea);
ALTER TABLE store ADD FOREIGN KEY (manager_staff_id) REFERENCES staff DEFERRABLE;
CREATE TABLE customer (
  customer_id serial PRIMARY KEY, store_id integer NOT NULL REFERENCES store,
  first_name text NOT NULL, last_name text NOT NULL, email text,
  address_id integer NOT NULL REFERENCES address, activebool boolean NOT NULL DEFAULT true,
  create_date date NOT NULL DEFAULT CURRENT_DATE, last_update timestamptz DEFAULT now(),
  active integer);
CREATE INDEX idx_last_name ON customer (last_name);
CREATE INDEX idx_customer_email ON customer (lower(email)) WHERE activebool;
CREATE TABLE inventory (
  inventory_id serial PRIMARY KEY, film_id integer NOT NULL REFERENCES film,
  store_id integer NOT NULL REFERENCES store, last_update timestamptz NOT NULL DEFAULT now());
CREATE INDEX idx_store_id_film_id ON inventory (store_id, film_id);
CREATE TABLE rental (
  rental_id serial PRIMARY KEY, rental_date timestamptz NOT NULL,
  inventory_id integer NOT NULL REFERENCES inventory,
  customer_id integer NOT NULL REFERENCES customer, return_date timestamptz,
  staff_id integer NOT NULL REFERENCES staff, last_update timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX idx_unq_rental ON rental (rental_date, inventory_id, customer_id);

CREATE TABLE payment (
  payment_id integer GENERATED BY DEFAULT AS IDENTITY, customer_id integer NOT NULL,
  staff_id integer NOT NULL, rental_id integer NOT NULL, amount numeric(5,2) NOT NULL,
  payment_date timestamptz NOT NULL, PRIMARY KEY (payment_date, payment_id),
  FOREIGN KEY (customer_id) REFERENCES customer, FOREIGN KEY (rental_id) REFERENCES rental)
  PARTITION BY RANGE (payment_date);
CREATE INDEX idx_payment_customer ON payment (customer_id);
CREATE TABLE payment_p2022_01 PARTITION OF payment
  FOR VALUES FROM ('2022-01-01 00:00+00') TO ('2022-02-01 00:00+00');
CREATE TABLE payment_p2022_02 PARTITION OF payment
  FOR VALUES FROM ('2022-02-01 00:00+00') TO ('2022-03-01 00:00+00');
CREATE TABLE payment_p2022_03 (
  payment_id integer NOT NULL, customer_id integer NOT NULL, staff_id integer NOT NULL,
  rental_id integer NOT NULL, amount numeric(5,2) NOT NULL DEFAULT 1,
  payment_date timestamptz NOT NULL);
ALTER TABLE payment ATTACH PARTITION payment_p2022_03
  FOR VALUES FROM ('2022-03-01 00:00+00') TO ('2022-04-01 00:00+00');
CREATE TABLE payment_later PARTITION OF payment DEFAULT;
CREATE INDEX idx_payment_03_staff ON payment_p2022_03 (staff_id);

CREATE FUNCTION get_customer_balance(p_customer_id integer, p_effective_date timestamptz)
  RETURNS numeric LANGUAGE plpgsql STABLE AS $$BEGIN RETURN 0; END$$;
CREATE FUNCTION film_in_stock(p_film_id integer, p_store_id integer, OUT p_film_count integer)
  RETURNS SETOF integer LANGUAGE sql AS
  $$SELECT inventory_id FROM inventory WHERE film_id = $1 AND store_id = $2$$;
CREATE FUNCTION inventory_in_stock(p_inventory_id integer) RETURNS boolean LANGUAGE sql AS
  $$SELECT true$$;
CREATE FUNCTION rewards_report(min_purchases integer, min_amount numeric DEFAULT 10)
  RETURNS SETOF customer LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN RETURN; END$$;
CREATE PROCEDURE close_month(month date) LANGUAGE sql AS $$SELECT 1$$;
COMMENT ON FUNCTION get_customer_balance(integer, timestamptz) IS 'What a customer owes';

CREATE TRIGGER last_updated BEFORE UPDATE ON actor FOR EACH ROW EXECUTE FUNCTION last_updated();
CREATE TRIGGER last_updated BEFORE UPDATE ON film FOR EACH ROW EXECUTE FUNCTION last_updated();
CREATE TRIGGER last_updated BEFORE UPDATE ON rental FOR EACH ROW EXECUTE FUNCTION last_updated();
CREATE TRIGGER film_fulltext_trigger BEFORE INSERT OR UPDATE ON film FOR EACH ROW
  EXECUTE FUNCTION tsvector_update_trigger('fulltext', 'pg_catalog.english', 'title', 'description');
CREATE CONSTRAINT TRIGGER rental_is_paid AFTER INSERT ON rental DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.return_date IS NOT NULL) EXECUTE FUNCTION last_updated();
CREATE TRIGGER payment_watch AFTER INSERT ON payment FOR EACH ROW EXECUTE FUNCTION last_updated();
COMMENT ON TRIGGER film_fulltext_trigger ON film IS 'Keeps the search current';

CREATE VIEW film_list AS
  SELECT f.film_id AS fid, f.title, c.name AS category, f.rental_rate AS price, f.rating
    FROM film f LEFT JOIN film_category fc USING (film_id) LEFT JOIN category c USING (category_id);
CREATE VIEW cheap_films AS SELECT fid, title, price FROM film_list WHERE price < 1;
CREATE VIEW cheap_titles AS SELECT title FROM cheap_films;
CREATE VIEW actor_info AS
  SELECT a.actor_id, group_concat(DISTINCT f.title) AS films
    FROM actor a JOIN film_actor fa USING (actor_id) JOIN film f USING (film_id) GROUP BY a.actor_id;
CREATE VIEW customer_list AS
  SELECT cu.customer_id AS id, cu.first_name || ' ' || cu.last_name AS name, a.address, ci.city
    FROM customer cu JOIN address a USING (address_id) JOIN city ci USING (city_id);
COMMENT ON VIEW customer_list IS 'For the call center';
COMMENT ON COLUMN customer_list.name IS 'First and last';
CREATE VIEW sales_by_store AS SELECT store_id, sum(amount) AS total
    FROM payment JOIN staff USING (staff_id) GROUP BY store_id;
CREATE MATERIALIZED VIEW rental_by_category AS
  SELECT category, count(*) AS films FROM film_list GROUP BY category WITH NO DATA;
CREATE UNIQUE INDEX rental_category ON rental_by_category (category);
