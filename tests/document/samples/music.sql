-- A music shop, of the size and kind of Chinook.

CREATE TABLE artist (artist_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(120));
CREATE TABLE album (
  album_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title varchar(160) NOT NULL,
  artist_id integer NOT NULL REFERENCES artist);
CREATE INDEX album_artist_id_idx ON album (artist_id);
CREATE TABLE genre (genre_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(120));
CREATE TABLE media_type (
  media_type_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(120));
CREATE TABLE playlist (
  playlist_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(120));
CREATE TABLE track (
  track_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(200) NOT NULL,
  album_id integer REFERENCES album, media_type_id integer NOT NULL REFERENCES media_type,
  genre_id integer REFERENCES genre, composer varchar(220), milliseconds integer NOT NULL,
  bytes integer, unit_price numeric(10,2) NOT NULL);
CREATE INDEX track_album_id_idx ON track (album_id);
CREATE INDEX track_genre_id_idx ON track (genre_id);
CREATE TABLE playlist_track (
  playlist_id integer REFERENCES playlist, track_id integer REFERENCES track,
  CONSTRAINT playlist_track_pkey PRIMARY KEY (playlist_id, track_id));
CREATE TABLE employee (
  employee_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, last_name varchar(20) NOT NULL,
  first_name varchar(20) NOT NULL, title varchar(30), reports_to integer REFERENCES employee,
  birth_date timestamp, hire_date timestamp, email varchar(60));
CREATE TABLE customer (
  customer_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, first_name varchar(40) NOT NULL,
  last_name varchar(20) NOT NULL, email varchar(60) NOT NULL,
  support_rep_id integer REFERENCES employee);
CREATE TABLE invoice (
  invoice_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customer, invoice_date timestamp NOT NULL,
  total numeric(10,2) NOT NULL);
CREATE TABLE invoice_line (
  invoice_line_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  invoice_id integer NOT NULL REFERENCES invoice, track_id integer NOT NULL REFERENCES track,
  unit_price numeric(10,2) NOT NULL, quantity integer NOT NULL);
