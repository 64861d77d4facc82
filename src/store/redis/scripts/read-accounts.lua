-- Reads accounts.
--
-- KEYS  per account: account
-- ARGV  names of fields (create-account.lua)
-- Gives per account: the values of these fields, nil where there is none.

local replies = {}
for index, account in ipairs(KEYS) do
  replies[index] = redis.call('HMGET', account, unpack(ARGV))
end
return replies
