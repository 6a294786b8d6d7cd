-- The functions of uuid-ossp 1.1, by RFC 4122, for installations that come without the extension.

CREATE FUNCTION uuid_nil() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '00000000-0000-0000-0000-000000000000'::uuid;

CREATE FUNCTION uuid_ns_dns() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_url() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid;

-- Version 1: a clock of 100-nanosecond ticks since 1582-10-15, here with a random clock sequence
-- and a random node. The lowest bit of the node's first byte is set (RFC 4122, 4.5), so that it
-- is never the address of a network card.
CREATE FUNCTION uuid_generate_v1() RETURNS uuid
VOLATILE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    ticks bigint := (extract(epoch FROM clock_timestamp()) * 10000000)::bigint
        + 122192928000000000;
    clock text := lpad(to_hex(ticks), 15, '0');
    random_bytes bytea := uuid_send(gen_random_uuid());
    tail bytea;
BEGIN
    -- A version 4 value carries the variant in byte 8 already; bytes 10 to 15 become the node.
    tail := substring(
        set_byte(random_bytes, 10, get_byte(random_bytes, 10) | 1) FROM 9 FOR 8
    );
    RETURN (
        substr(clock, 8, 8) || substr(clock, 4, 4) || '1' || substr(clock, 1, 3)
        || encode(tail, 'hex')
    )::uuid;
END
$$;

CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid
VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
RETURN uuid_generate_v1();

-- Version 3: MD5 of the namespace and the name.
CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    digest bytea := decode(md5(uuid_send(namespace) || convert_to(name, 'UTF8')), 'hex');
BEGIN
    digest := set_byte(digest, 6, (get_byte(digest, 6) & 15) | 48);   -- version 3
    digest := set_byte(digest, 8, (get_byte(digest, 8) & 63) | 128);  -- variant of RFC 4122
    RETURN encode(digest, 'hex')::uuid;
END
$$;

-- Version 4: random.
CREATE FUNCTION uuid_generate_v4() RETURNS uuid
VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
RETURN gen_random_uuid();

-- Version 5: SHA-1 of the namespace and the name. The server itself has no SHA-1, so it is spelled
-- out here by FIPS 180-4, in 64-bit integers cut to 32 bits.
CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    mask CONSTANT bigint := 4294967295;
    message bytea := uuid_send(namespace) || convert_to(name, 'UTF8');
    message_bits bigint := length(message)::bigint * 8;
    hash bigint[] := '{1732584193, 4023233417, 2562383102, 271733878, 3285377520}';
    words bigint[];
    word bigint;
    mixed bigint;
    round_constant bigint;
    a bigint;
    b bigint;
    c bigint;
    d bigint;
    e bigint;
    digest bytea := '';
BEGIN
    -- Padded to blocks of 64 bytes: a one bit, zeros, and the length in bits.
    message := message || '\x80'::bytea;
    message := message || decode(repeat('00', (120 - length(message) % 64) % 64), 'hex');
    message := message || int8send(message_bits);

    FOR block IN 0 .. length(message) / 64 - 1 LOOP
        words := '{}';
        FOR i IN 0 .. 15 LOOP
            word := 0;
            FOR j IN 0 .. 3 LOOP
                word := (word << 8) | get_byte(message, block * 64 + i * 4 + j);
            END LOOP;
            words := words || word;
        END LOOP;
        FOR i IN 17 .. 80 LOOP
            word := words[i - 3] # words[i - 8] # words[i - 14] # words[i - 16];
            words := words || (((word << 1) | (word >> 31)) & mask);
        END LOOP;

        a := hash[1];
        b := hash[2];
        c := hash[3];
        d := hash[4];
        e := hash[5];
        FOR i IN 1 .. 80 LOOP
            IF i <= 20 THEN
                mixed := (b & c) | ((mask - b) & d);
                round_constant := 1518500249;
            ELSIF i <= 40 THEN
                mixed := b # c # d;
                round_constant := 1859775393;
            ELSIF i <= 60 THEN
                mixed := (b & c) | (b & d) | (c & d);
                round_constant := 2400959708;
            ELSE
                mixed := b # c # d;
                round_constant := 3395469782;
            END IF;
            word := (((a << 5) | (a >> 27)) + mixed + e + round_constant + words[i]) & mask;
            e := d;
            d := c;
            c := ((b << 30) | (b >> 2)) & mask;
            b := a;
            a := word;
        END LOOP;
        hash := ARRAY[
            (hash[1] + a) & mask, (hash[2] + b) & mask, (hash[3] + c) & mask,
            (hash[4] + d) & mask, (hash[5] + e) & mask
        ];
    END LOOP;

    FOR i IN 1 .. 4 LOOP
        digest := digest || substring(int8send(hash[i]) FROM 5);
    END LOOP;
    digest := set_byte(digest, 6, (get_byte(digest, 6) & 15) | 80);   -- version 5
    digest := set_byte(digest, 8, (get_byte(digest, 8) & 63) | 128);  -- variant of RFC 4122
    RETURN encode(digest, 'hex')::uuid;
END
$$;
