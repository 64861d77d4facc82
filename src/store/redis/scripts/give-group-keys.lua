-- Keeps what a member has sealed for other members, one by one: mayGive of src/store/decisions/group-keys.ts.
--
-- KEYS  group, talk, members
-- ARGV  who gives, giversMax, givenMax, changesMax, then per slot: user, epoch, sealed
-- Gives how many were taken, or 'not-a-member', or 'not-encrypted'.

local call, match, format = redis.call, string.match, string.format
local group, talk, members = KEYS[1], KEYS[2], KEYS[3]
local by = ARGV[1]
-- include group-keys.lua

if call('HEXISTS', members, by) == 0 then return 'not-a-member' end
local epoch = keyState()
if not epoch then return 'not-encrypted' end
local oldest = (drawsOf())[1]
local showsAll = call('HGET', group, 'history') == 'all'
local taken = 0

-- Whether there is room for one more slot of an epoch; takes away those that nobody needs any more.
local function hasRoom(given, which)
  local known = call('HGETALL', given)
  local ofEpoch, all = 0, 0
  for at = 1, #known, 2 do
    local other, giver = match(known[at], '^(%d+):(%d+)$')
    other = tonumber(other)
    if other < oldest then
      call('HDEL', given, known[at])
    else
      all = all + 1
      if other == which then
        if giver == by then return false end
        ofEpoch = ofEpoch + 1
      end
    end
  end
  return ofEpoch < tonumber(ARGV[2]) and all < tonumber(ARGV[3])
end

for at = 5, #ARGV, 3 do
  local user, which, sealed = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  local since = tonumber(call('ZSCORE', registerKey('since'), user) or 0)
  local isKept = oldest and which >= oldest and which <= epoch
  if user ~= by and since > 0 and isKept and (showsAll or which >= since) then
    local given = registerKey('given', user)
    if hasRoom(given, which) then
      call('HSET', given, format('%d:%s', which, by), sealed)
      taken = taken + 1
      if which >= since and call('ZREM', registerKey('keyless'), user) == 1 then
        noteChange(ARGV[4], 'given', which, user, by)
      end
    end
  end
end
return taken
