-- KEYS: epoch. ARGV: epoch.

local epoch = call('GET', KEYS[1])
if not epoch or tonumber(epoch) < tonumber(ARGV[1]) then call('SET', KEYS[1], ARGV[1]) end
