-- Makes a user a member of a group, or creates the group with its owner as the only one.
--
-- KEYS  group, members, roll, head
-- ARGV  user id, number of the listing (list-group.lua), listedMs, membersMax, '1' to create ('0': only if it exists)
-- Gives {'joined', owner, 1 if the user was in it already, joined, cursor, head}, {'group-exists', owner, 1 if the user is in it},
--       {'unknown-group'}, {'too-many'}, or {'late'}: the listing is older than listedMs, and may be taken off any time.
--
-- The hash of members: user id → "joined:cursor:order:listing": the head when the user joined, what a device of the user has
-- acknowledged, the how manieth join it was, the number of the listing.

local call, format, match = redis.call, string.format, string.match
local group, members, roll, headKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local user, listing = ARGV[1], ARGV[2]
local time = call('TIME')
if time[1] * 1000000 + time[2] > listing + ARGV[3] * 1000 then return { 'late' } end

local owner = call('HGET', group, 'owner')
if not owner and ARGV[5] == '0' then return { 'unknown-group' } end
local head = tonumber(call('GET', headKey) or 0)
local place = call('HGET', members, user)
if place then
  local joined, cursor, order, listed = match(place, '^(%d+):(%d+):(%d+):(%d+)$')
  if tonumber(listed) < tonumber(listing) then
    call('HSET', members, user, format('%s:%s:%s:%s', joined, cursor, order, listing))
  end
  if ARGV[5] == '1' and owner ~= user then return { 'group-exists', owner, 1 } end
  return { 'joined', owner, 1, tonumber(joined), tonumber(cursor), head }
end
if owner and ARGV[5] == '1' then return { 'group-exists', owner, 0 } end
if call('HLEN', members) >= tonumber(ARGV[4]) then return { 'too-many' } end
if not owner then
  owner = user
  call('HSET', group, 'owner', user)
end
call('HSET', members, user, format('%d:%d:%d:%s', head, head, call('HINCRBY', group, 'joins', 1), listing))
call('ZADD', roll, user, user)
return { 'joined', owner, 0, head, head, head }
