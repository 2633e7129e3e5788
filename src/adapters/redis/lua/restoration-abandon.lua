-- KEYS: voters, restoring. ARGV: token.

if call('GET', KEYS[2]) == ARGV[1] then call('UNLINK', KEYS[1], KEYS[2]) end
