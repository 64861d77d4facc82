-- Replaces the secret of an account, and its pair of keys by the same one wrapped anew, or by none. What is already so stays.
--
-- KEYS  account
-- ARGV  the verifier that is expected, '1' to expect it ('0': any is replaced), the new verifier, the private key wrapped anew
--       ('': the account loses its pair), how many earlier public keys to keep
-- Gives the generation, or nil: there is no such account, or it has another verifier.
--
-- The hash of an account is described in create-account.lua.

local call, account = redis.call, KEYS[1]
local verifier, generation, public = unpack(call('HMGET', account, 'verifier', 'generation', 'public'))
if not verifier then return false end
if verifier == ARGV[3] then return tonumber(generation) end
if ARGV[2] == '1' and verifier ~= ARGV[1] then return false end

if public and ARGV[4] ~= '' then
  call('HSET', account, 'wrapped', ARGV[4])
elseif public then
  local earlier = { public }
  for key in string.gmatch(call('HGET', account, 'earlier') or '', '%S+') do
    if #earlier < tonumber(ARGV[5]) and key ~= public then earlier[#earlier + 1] = key end
  end
  call('HDEL', account, 'public', 'wrapped')
  call('HSET', account, 'earlier', table.concat(earlier, ' '))
end
call('HSET', account, 'verifier', ARGV[3])
return call('HINCRBY', account, 'generation', tonumber(generation) < 0 and -1 or 1)
