-- The first step of joining: lists a group with its user. What counts is the group's own record (join-group.lua).
--
-- KEYS  the user's groups
-- ARGV  group, groupsMax
-- Gives the listing's number, or nil if the list is full.
--
-- The hash of a user's groups: name → number of the listing, which is the time in microseconds. Each attempt to join has a new one, so
-- that whoever takes back an older one (unlist-group.lua) does not touch it.

local call, format = redis.call, string.format
local listed = call('HGET', KEYS[1], ARGV[1])
if not listed and call('HLEN', KEYS[1]) >= tonumber(ARGV[2]) then return false end
-- include time.lua
local number = format('%d', math.max(nowMicros, tonumber(listed or 0) + 1))
call('HSET', KEYS[1], ARGV[1], number)
return number
