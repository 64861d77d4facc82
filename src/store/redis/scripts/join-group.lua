-- Makes a user a member of a group, or creates the group with its owner as the only one: src/store/decisions/membership.ts.
--
-- KEYS  group, members, roll, head, standing, invited, removed, delivered, read, talk
-- ARGV  user id, number of the listing (list-group.lua), listedMs, membersMax, to create it: 'joined' or 'all', what members may
--       read ('': only if it exists); its name; '1' if it is to be encrypted, or the user can read what is; membersMax of an encrypted
--       one, changesMax, the id that it gets
-- Gives {'joined', owner, 1 if the user was in it already, joined, cursor, head, 1 if members may read all, 1 if an invitation was used,
--       the epoch of its key}, {'group-exists', owner, 1 if the user is in it}, {'unknown-group'}, {'too-many'}, {'removed-from-group'},
--       {'group-closed'}, {'not-invited'}, {'encrypted-group'}, or {'late'}: the listing is older than listedMs, and may be taken off any time.
--
-- The hash of members: user id → "joined:cursor:order:listing": the head when the user joined, what a device of the user has
-- acknowledged, the how manieth join it was, the number of the listing. Standing has them in the order of these joins: who is the owner
-- after this one is found without a look at all (leave-group.lua).

local call, format, match = redis.call, string.format, string.match
local group, members, roll, headKey, standing = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local talk = KEYS[10]
local user, listing, e2ee = ARGV[1], ARGV[2], ARGV[7] == '1'
-- include time.lua
-- include group-keys.lua
if nowMicros > listing + ARGV[3] * 1000 then return { 'late' } end

local function showsAll()
  return call('HGET', group, 'history') == 'all' and 1 or 0
end

local owner = call('HGET', group, 'owner')
if not owner and ARGV[5] == '' then return { 'unknown-group' } end
local head = tonumber(call('GET', headKey) or 0)
local epoch = keyState() or 0
local place = call('HGET', members, user)
if place then
  local joined, cursor, order, listed = match(place, '^(%d+):(%d+):(%d+):(%d+)$')
  if tonumber(listed) < tonumber(listing) then
    call('HSET', members, user, format('%s:%s:%s:%s', joined, cursor, order, listing))
  end
  if ARGV[5] ~= '' and (owner ~= user or (e2ee and epoch == 0)) then return { 'group-exists', owner, 1 } end
  return { 'joined', owner, 1, tonumber(joined), tonumber(cursor), head, showsAll(), 0, epoch }
end
if owner and ARGV[5] ~= '' then return { 'group-exists', owner, 0 } end
if owner then
  if call('ZSCORE', KEYS[7], user) then return { 'removed-from-group' } end
  local entry = call('HGET', group, 'entry')
  if entry == 'closed' then return { 'group-closed' } end
  if entry == 'invite' and not call('ZSCORE', KEYS[6], user) then return { 'not-invited' } end
  if epoch > 0 and not e2ee then return { 'encrypted-group' } end
end
if call('HLEN', members) >= tonumber(epoch > 0 and ARGV[8] or ARGV[4]) then return { 'too-many' } end
local isFirst = not owner
if isFirst then
  owner = user
  call('HSET', group, 'owner', user, 'title', ARGV[6], 'entry', 'open', 'version', 1)
  -- It may have been left to expire, with the group of this name before (leave-group.lua).
  if head > 0 then call('SET', headKey, format('%d', head)) end
  if ARGV[5] == 'all' then call('HSET', group, 'history', 'all') end
  -- Lists of conversations have it among those in which something was said now (append.lua).
  call('HSET', talk, 'said', format('0:%d:0', nowMs))
end
local order = call('HINCRBY', group, 'joins', 1)
call('HSET', members, user, format('%d:%d:%d:%s', head, head, order, listing))
call('ZADD', roll, user, user)
call('ZADD', standing, order, user)
local used = call('ZREM', KEYS[6], user)
-- Nobody waits for what was said before (mark-member.lua).
call('ZADD', KEYS[8], head, user)
call('ZADD', KEYS[9], head, user)
if epoch > 0 or (isFirst and e2ee) then epoch = enterKeys(ARGV[9], user, isFirst, ARGV[10]) end
return { 'joined', owner, 0, head, head, head, showsAll(), used, epoch }
