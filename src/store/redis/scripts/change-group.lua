-- Changes a group, or who may be in it: src/store/decisions/group-change.ts.
--
-- KEYS  group, members, roll, standing, talk, invited, removed, delivered, read
-- ARGV  user who asks for it, adminsMax, invitedMax, removedMax, changesMax, 'set', title, who may join, percent of one account's share ('' each: as
--       it is; percent '-': as others have it)
--       or 'admin', 'unadmin', 'hand-over', 'invite' or 'remove' in place of 'set', and the user whom it is about
-- Gives {'changed', number of the listing (list-group.lua) of a member who was removed, else ''}, or {why not}.
--
-- The hash of members is described in join-group.lua. Invited and removed have users who are no members: removed in the order of
-- their removal, the group's field removals.

local call, match, format = redis.call, string.match, string.format
local group, members, roll, standing, talk, invited, removed, delivered, read = unpack(KEYS)
local by, what, user = ARGV[1], ARGV[6], ARGV[7]
-- include admins.lua
-- include group-keys.lua

local owner = call('HGET', group, 'owner')
if not owner then return { 'unknown-group' } end
local admins = call('HGET', group, 'admins') or ''
local isOwner = owner == by
local isAllowed = isOwner or isAmong(admins, by)

local function set(key, field, value)
  if value == '' or call('HGET', key, field) == value then return false end
  call('HSET', key, field, value)
  return true
end

local function changed(isChanged)
  if isChanged then call('HINCRBY', group, 'version', 1) end
  return { 'changed', '' }
end

local function setAdmins(others)
  if others == admins then return false end
  call('HSET', group, 'admins', others)
  return true
end

if what == 'set' then
  local title, entry, percent = ARGV[7], ARGV[8], ARGV[9]
  if not isOwner and (entry ~= '' or percent ~= '') then return { 'not-the-owner' } end
  if not isAllowed then return { 'not-an-admin' } end
  local isTitle, isEntry = set(group, 'title', title), set(group, 'entry', entry)
  local isShare
  if percent == '-' then isShare = call('HDEL', talk, 'share') == 1 else isShare = set(talk, 'share', percent) end
  return changed(isTitle or isEntry or isShare)
end

local place = call('HGET', members, user)
if what == 'invite' then
  if not isAllowed then return { 'not-an-admin' } end
  if place or call('ZSCORE', invited, user) then return { 'changed', '' } end
  if call('ZCARD', invited) >= tonumber(ARGV[3]) then return { 'too-many' } end
  call('ZREM', removed, user)
  call('ZADD', invited, user, user)
  return { 'changed', '' }
end

if what == 'remove' then
  if not isAllowed then return { 'not-an-admin' } end
  if user == owner then return { 'is-the-owner' } end
  if isAmong(admins, user) and not isOwner then return { 'not-the-owner' } end
  call('ZREM', invited, user)
  if not call('ZSCORE', removed, user) then
    call('ZADD', removed, call('HINCRBY', group, 'removals', 1), user)
    if call('ZCARD', removed) > tonumber(ARGV[4]) then call('ZREM', removed, call('ZRANGE', removed, 0, 0)[1]) end
  end
  if not place then return { 'changed', '' } end
  call('HDEL', members, user)
  call('ZREM', roll, user)
  call('ZREM', standing, user)
  call('ZREM', delivered, user)
  call('ZREM', read, user)
  call('HDEL', talk, '=' .. user)
  setAdmins(without(admins, user))
  leaveKeys(ARGV[5], 'removed', user, by)
  changed(true)
  return { 'changed', match(place, '%d+$') }
end

if not isOwner then return { 'not-the-owner' } end
if not place then return { 'no-such-member' } end
if what == 'unadmin' then return changed(setAdmins(without(admins, user))) end
if what == 'hand-over' then
  local isOther = setAdmins(without(admins, user))
  return changed(set(group, 'owner', user) or isOther)
end
if user == owner or isAmong(admins, user) then return { 'changed', '' } end
if countOf(admins) >= tonumber(ARGV[2]) then return { 'too-many' } end
return changed(setAdmins((admins == '' and ',' or admins) .. user .. ','))
