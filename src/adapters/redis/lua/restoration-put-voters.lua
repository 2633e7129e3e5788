-- KEYS: epoch, door, voters, restoring. ARGV: token, life in milliseconds, round, then voter key and value of each voter.
-- Returns 1, or 0 where the permission no longer counts.

if call('GET', KEYS[4]) ~= ARGV[1] or readDoor(KEYS[2], call('GET', KEYS[1]), KEYS[3]) then return 0 end
-- Voters of two rounds in one door would keep people from voting.
if call('HSETNX', KEYS[3], 'round', ARGV[3]) == 0 and call('HGET', KEYS[3], 'round') ~= ARGV[3] then return 0 end
-- A large poll takes longer to read than one life; as long as voters arrive, it goes on.
call('PEXPIRE', KEYS[4], ARGV[2])
local fields = {}
for n = 4, #ARGV do fields[n - 3] = ARGV[n] end
setFields(KEYS[3], fields)
return 1
