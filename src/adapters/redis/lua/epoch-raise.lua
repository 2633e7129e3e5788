-- KEYS: epoch. ARGV: epoch. Returns the epoch as it is then.

local epoch = tonumber(call('GET', KEYS[1]) or 0)
if epoch >= tonumber(ARGV[1]) then return epoch end
call('SET', KEYS[1], ARGV[1])
return tonumber(ARGV[1])
