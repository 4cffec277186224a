-- The bytes of a stored path or name. Valid UTF-8 stands as it is; what was not is '%' (a name: '%/') and the bytes, with '%'
-- and whatever is not UTF-8 as %XX. No canonical absolute path starts with '%', and no name holds a '/'. Each function stands
-- alone, so that it works under any search_path. Pieces are %XX or a run without '%'; each becomes hex, which is read at once.
CREATE OR REPLACE FUNCTION forebay_path_bytes(stored text) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT
AS $$
  SELECT CASE WHEN stored NOT LIKE '\%%' THEN convert_to(stored, 'UTF8') ELSE (
    SELECT decode(coalesce(string_agg(CASE WHEN piece[1] LIKE '\%%' THEN substr(piece[1], 2, 2)
                                           ELSE encode(convert_to(piece[1], 'UTF8'), 'hex') END, '' ORDER BY n), ''), 'hex')
    FROM (SELECT piece, row_number() OVER () AS n
          FROM regexp_matches(substr(stored, 2), '%[0-9A-F]{2}|[^%]+', 'g') AS pieces(piece)) AS numbered) END
$$;
CREATE OR REPLACE FUNCTION forebay_name_bytes(stored text) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT
AS $$
  SELECT CASE WHEN stored NOT LIKE '\%/%' THEN convert_to(stored, 'UTF8') ELSE (
    SELECT decode(coalesce(string_agg(CASE WHEN piece[1] LIKE '\%%' THEN substr(piece[1], 2, 2)
                                           ELSE encode(convert_to(piece[1], 'UTF8'), 'hex') END, '' ORDER BY n), ''), 'hex')
    FROM (SELECT piece, row_number() OVER () AS n
          FROM regexp_matches(substr(stored, 3), '%[0-9A-F]{2}|[^%]+', 'g') AS pieces(piece)) AS numbered) END
$$;
