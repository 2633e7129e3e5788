-- KEYS: epoch, door. ARGV: round, revision, closes_at.

local door = readDoor(KEYS[2], call('GET', KEYS[1]))
if not door or door.state ~= 'open' or door.round ~= tonumber(ARGV[1]) then return end
if door.revision < tonumber(ARGV[2]) then call('HSET', KEYS[2], 'revision', ARGV[2], 'closes_at', ARGV[3]) end
