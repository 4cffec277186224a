DROP FUNCTION IF EXISTS forebay_name_bytes(text);
DROP FUNCTION IF EXISTS forebay_path_bytes(text);
