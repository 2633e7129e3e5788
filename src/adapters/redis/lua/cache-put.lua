-- KEYS: the cached thing. ARGV: version, body. Keeps it only where none, or one with a lower version, is kept.

local version = call('HGET', KEYS[1], 'version')
if not version or tonumber(version) < tonumber(ARGV[1]) then call('HSET', KEYS[1], 'version', ARGV[1], 'body', ARGV[2]) end
