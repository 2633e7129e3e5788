-- KEYS: epoch, door, voters. ARGV: round, voter key. Returns {0} where the door is missing, {1, the voter's value or nil} else.

local door = readDoor(KEYS[2], call('GET', KEYS[1]), KEYS[3])
if not door or door.state == 'sealed' or door.round ~= tonumber(ARGV[1]) then return { 0 } end
return { 1, call('HGET', KEYS[3], ARGV[2]) }
