#include "vm/guest_helper.h"

namespace vm {

// clang-format off
const std::string_view kGuestHelper = R"sh(# Runs in the guest as root: sh -c THIS bedplate OPERATION. Reads lines: the user's name, the
# password (or nothing with BP_TRUSTED), then what the operation needs. Exits with 0, or
# 91 the login is wrong, 92 it cannot be checked here, 94 not found, 95 not allowed,
# 96 exists already, 97 anything else; words are on standard error.
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin; export PATH
op=$1 trusted=$2
state=/run/bedplate-guest
cd /
fail() { code=$1; shift; echo "$*" >&2; exit "$code"; }
line() { IFS= read -r "$1" || eval "$1="; }

line user; line password
case $user in '' | -* | *[!A-Za-z0-9._@-]*) fail 91 "no such user" ;; esac

entry=$(getent passwd "$user" 2>/dev/null) || entry=$(awk -F: -v u="$user" '$1 == u' /etc/passwd)
[ -n "$entry" ] || fail 91 "no such user"
shell=${entry##*:}
case $shell in */nologin | */false) fail 91 "this user may not log in" ;; esac

# 0: it is the password. 1: it is not. 2: cannot be said.
check() {
    for helper in /usr/sbin/unix_chkpwd /sbin/unix_chkpwd; do
        [ -x $helper ] || continue
        printf '%s\0' "$password" | $helper "$user" nonull >/dev/null 2>&1 || return 1
        $helper "$user" chkexpiry </dev/null >/dev/null 2>&1
        case $? in 0 | 9 | 12) return 0 ;; *) return 1 ;; esac
    done
    hash=$(awk -F: -v u="$user" '$1 == u { print $2 }' /etc/shadow 2>/dev/null)
    case $hash in '$'*) ;; *) return 1 ;; esac
    if command -v perl >/dev/null; then
        printf '%s' "$password" | BP_HASH=$hash perl -e \
            'local $/; my $p = <STDIN>; my $c = crypt($p, $ENV{BP_HASH}); exit(defined $c && $c eq $ENV{BP_HASH} ? 0 : 1)'
        return $?
    fi
    case $hash in
        '$6$rounds='* | '$5$rounds='*) return 2 ;;
        '$6$'*) kind=sha512 ;; '$5$'*) kind=sha256 ;; '$1$'*) kind=md5 ;;
        *) return 2 ;;
    esac
    salt=${hash#'$'?'$'}; salt=${salt%%'$'*}
    made=$(printf '%s\n' "$password" | busybox mkpasswd -P 0 -m $kind -S "$salt" 2>/dev/null) ||
        made=$(printf '%s\n' "$password" | busybox cryptpw -P 0 -m $kind -S "$salt" 2>/dev/null) || return 2
    [ "$made" = "$hash" ]
}
if [ "$trusted" != trusted ]; then
    [ -n "$password" ] || fail 91 "an empty password is none"
    check
    case $? in 0) ;; 1) fail 91 "the user name or the password is wrong" ;;
        *) fail 92 "this guest has nothing that checks passwords: neither unix_chkpwd nor perl, nor a busybox that knows the hash" ;;
    esac
fi
password=

# As the user, with what BP_... says.
as() { su -s /bin/sh "$user" -c "$1"; }
common='fail() { code=$1; shift; echo "$*" >&2; exit $code; }
there() { [ -e "$1" ] || [ -L "$1" ] || { [ -x "${1%/*}/" ] || [ "${1%/*}" = "" ] || [ ! -d "${1%/*}/" ] || fail 95 "$1: not allowed"; fail 94 "$1: there is none"; }; }
explain() { case $1 in *ermission*|*"not permitted"*) fail 95 "$1" ;; *"No such file"*) fail 94 "$1" ;; *exists*) fail 96 "$1" ;; *) fail 97 "$1" ;; esac; }
try() { why=$("$@" 2>&1) || explain "$why"; }
'
on_path() { line BP_A; export BP_A; }
on_two() { line BP_A; line BP_B; export BP_A BP_B; }
flag() { line BP_FLAG; export BP_FLAG; }

describe='describe() { stat -c "%f %s %Y %X %u %g %n" -- "$1" 2>/dev/null || return; [ ! -L "$1" ] || echo "> $(readlink -- "$1")"; }
'

case $op in
check) ;;
start)
    line BP_DIR; line BP_PROGRAM; line BP_ARGUMENTS; line BP_N
    export BP_DIR BP_PROGRAM BP_ARGUMENTS BP_N
    i=0
    while [ "$i" -lt "$BP_N" ]; do line BP_E$i; export BP_E$i; i=$((i + 1)); done
    mkdir -p $state
    told=$state/start.$$
    : >$told
    inner='tell() { echo "$*" >&3; exit 127; }
        cd "${BP_DIR:-$HOME}" 2>/dev/null || { [ -z "$BP_DIR" ] && cd / || tell 94 "$BP_DIR: there is no such folder"; }
        case $BP_PROGRAM in
            */*) [ -e "$BP_PROGRAM" ] || tell 94 "$BP_PROGRAM: there is none"
                 [ -f "$BP_PROGRAM" ] && [ -x "$BP_PROGRAM" ] || tell 95 "$BP_PROGRAM may not be run" ;;
            *) command -v "$BP_PROGRAM" >/dev/null || tell 94 "$BP_PROGRAM: there is none" ;;
        esac
        i=0; while [ $i -lt $BP_N ]; do eval "e=\$BP_E$i"; unset BP_E$i; case $e in [A-Za-z_]*=*) export "$e" ;; esac; i=$((i + 1)); done
        read -r _ _ _ _ group _ </proc/$$/stat
        leader=setsid; [ "$group" = $$ ] && leader=
        unset BP_DIR BP_N
        echo "0 $$" >&3
        exec 3>&-
        exec $leader /bin/sh -c "\"\$BP_PROGRAM\" $BP_ARGUMENTS"'
    (
        began=$(date +%s)
        su -s /bin/sh "$user" -c "$inner" 3>>$told
        code=$?
        read -r ok pid <$told
        if [ "$ok" = 0 ]; then
            echo "$pid $code $began $(date +%s) $user $BP_PROGRAM $BP_ARGUMENTS" >$state/.$pid
            mv $state/.$pid $state/$pid.ended
            rm -f $state/$pid.began
        fi
        sleep 5
        rm -f $told
    ) </dev/null >/dev/null 2>&1 &
    keeper=$!
    i=0
    while [ ! -s $told ] && [ $i -lt 200 ]; do sleep 0.05 2>/dev/null || sleep 1; i=$((i + 1)); done
    read -r ok rest <$told || fail 97 "the program was not started"
    [ "$ok" = 0 ] || fail "$ok" "$rest"
    # So that it is never seen as gone between its end and the note of that.
    [ -f "$state/$rest.ended" ] || echo "$keeper $(date +%s) $user $BP_PROGRAM $BP_ARGUMENTS" >"$state/$rest.began"
    echo "$rest"
    ;;
ps)
    now=$(date +%s)
    read -r up _ </proc/uptime
    echo "N $now ${up%.*} $(getconf CLK_TCK 2>/dev/null || echo 100)"
    (getent passwd 2>/dev/null || cat /etc/passwd) | awk -F: '{ print "U " $3 " " $1 }'
    for p in /proc/[0-9]*; do
        { read -r stat <$p/stat; } 2>/dev/null || continue
        after=${stat##*) }; name=${stat#*(}; name=${name%)*}
        set -- $after
        uid=
        while read -r key value _; do [ "$key" = Uid: ] && { uid=$value; break; }; done 2>/dev/null <$p/status
        words=$(tr '\0\n' '  ' 2>/dev/null <$p/cmdline)
        echo "P ${p#/proc/} ${uid:-0} ${20} $name	${words:-[$name]}"
    done
    for f in $state/*.began; do
        [ -f "$f" ] || continue
        pid=${f##*/}; pid=${pid%.began}
        read -r keeper began who words <"$f"
        if [ -f "$state/$pid.ended" ] || [ ! -d "/proc/$keeper" ]; then rm -f "$f"
        elif [ ! -d "/proc/$pid" ]; then echo "R $pid $began $who $words"; fi
    done 2>/dev/null
    for f in $state/*.ended; do
        [ -f "$f" ] || continue
        read -r pid code began ended who words <"$f"
        if [ $((now - ended)) -gt 300 ]; then rm -f "$f"; continue; fi
        echo "E $pid $code $began $ended $who $words"
    done
    ;;
kill)
    on_path
    case $BP_A in '' | *[!0-9]* | 0 | 1) fail 94 "there is no process $BP_A that can be ended" ;; esac   # -1 is everybody
    as "$common"'[ -d /proc/$BP_A ] || fail 94 "there is no process $BP_A"
        kill -TERM -$BP_A 2>/dev/null || kill -TERM $BP_A 2>/dev/null || fail 95 "process $BP_A may not be ended by this user"
        i=0; while [ -d /proc/$BP_A ] && [ $i -lt 20 ]; do sleep 0.1 2>/dev/null || sleep 1; i=$((i + 1)); done
        [ ! -d /proc/$BP_A ] || kill -KILL -$BP_A 2>/dev/null || kill -KILL $BP_A 2>/dev/null; true'
    ;;
env) su - "$user" -c env 2>/dev/null </dev/null || as env </dev/null ;;
mkdir)
    on_path; flag
    as "$common"'[ ! -e "$BP_A" ] || fail 96 "$BP_A: exists"; if [ "$BP_FLAG" = 1 ]; then try mkdir -p -- "$BP_A"; else try mkdir -- "$BP_A"; fi'
    ;;
rm)
    on_path
    as "$common"'there "$BP_A"; [ ! -d "$BP_A" ] || [ -L "$BP_A" ] || fail 97 "$BP_A: is a folder"; try rm -f -- "$BP_A"'
    ;;
rmdir)
    on_path; flag
    as "$common"'there "$BP_A"; [ -d "$BP_A" ] || fail 97 "$BP_A: is no folder"; if [ "$BP_FLAG" = 1 ]; then try rm -rf -- "$BP_A"; else try rmdir -- "$BP_A"; fi'
    ;;
mv)
    on_two; flag
    as "$common"'there "$BP_A"; [ -d "$BP_B" ] && fail 96 "$BP_B: a folder exists there"
        [ "$BP_FLAG" = 1 ] || [ ! -e "$BP_B" ] || fail 96 "$BP_B: exists"; try mv -f -- "$BP_A" "$BP_B"'
    ;;
temp)
    on_two; line BP_C; export BP_C; flag
    as "$common"'umask 077; d=${BP_C:-${TMPDIR:-/tmp}}; [ -d "$d" ] || fail 94 "$d: there is no such folder"
        i=0; while [ $i -lt 20 ]; do
            f=$d/$BP_A$(od -An -N6 -tx1 /dev/urandom | tr -d " \n")$BP_B
            if [ "$BP_FLAG" = 1 ]; then mkdir -- "$f" 2>/dev/null; else (set -C; : >"$f") 2>/dev/null; fi && { echo "$f"; exit 0; }
            [ -w "$d" ] || fail 95 "$d: may not be written to"
            i=$((i + 1))
        done; fail 97 "$d: no temporary name is free"'
    ;;
ls)
    on_two
    as "$common$describe"'there "$BP_A"
        if [ ! -d "$BP_A" ]; then describe "$BP_A"; exit 0; fi
        [ -r "$BP_A" ] && [ -x "$BP_A" ] || fail 95 "$BP_A: may not be read"
        cd -- "$BP_A" || fail 95 "$BP_A: may not be entered"
        for f in .* *; do
            case $f in *"
"*) continue ;; esac
            [ -e "$f" ] || [ -L "$f" ] || continue
            [ -z "$BP_B" ] || echo "$f" | grep -Eq -- "$BP_B" || continue
            describe "./$f"
        done'
    ;;
stat)
    on_path
    as "$common$describe"'there "$BP_A"; [ ! -d "$BP_A" ] || fail 97 "$BP_A: is a folder"; [ -r "$BP_A" ] || fail 95 "$BP_A: may not be read"; describe "$BP_A"'
    ;;
attributes | put)
    on_path; line BP_MODE; line BP_OWNER; line BP_GROUP; line BP_MTIME; line BP_ATIME
    export BP_MODE BP_OWNER BP_GROUP BP_MTIME BP_ATIME
    set_them='[ -z "$BP_OWNER" ] || try chown -- "$BP_OWNER" "$BP_A"; [ -z "$BP_GROUP" ] || try chgrp -- "$BP_GROUP" "$BP_A"
        [ -z "$BP_MODE" ] || try chmod -- "$BP_MODE" "$BP_A"
        [ -z "$BP_ATIME" ] || try touch -a -d "@$BP_ATIME" -- "$BP_A"; [ -z "$BP_MTIME" ] || try touch -m -d "@$BP_MTIME" -- "$BP_A"'
    if [ "$op" = attributes ]; then
        as "$common"'there "$BP_A"; '"$set_them"
    else
        flag; line from
        as "$common"'[ ! -d "$BP_A" ] || fail 97 "$BP_A: is a folder"; [ "$BP_FLAG" = 1 ] || [ ! -e "$BP_A" ] || fail 96 "$BP_A: exists"
            d=${BP_A%/*}; [ -d "${d:-/}" ] || fail 94 "$d: there is no such folder"
            umask 022; why=$( { cat >"$BP_A"; } 2>&1) || explain "${why:-not written}"; '"$set_them" <"$from"
        code=$?
        rm -f "$from"
        exit $code
    fi
    ;;
may-put)
    on_path; flag
    as "$common"'[ ! -d "$BP_A" ] || fail 97 "$BP_A: is a folder"; [ "$BP_FLAG" = 1 ] || [ ! -e "$BP_A" ] || fail 96 "$BP_A: exists"
        d=${BP_A%/*}; [ -d "${d:-/}" ] || fail 94 "$d: there is no such folder"
        if [ -e "$BP_A" ]; then [ -w "$BP_A" ]; else [ -w "${d:-/}" ]; fi || fail 95 "$BP_A: may not be written"'
    ;;
get)
    on_path; line to
    as "$common"'there "$BP_A"; [ -f "$BP_A" ] || fail 97 "$BP_A: is no file"; [ -r "$BP_A" ] || fail 95 "$BP_A: may not be read"; cat -- "$BP_A"' >"$to" ||
        { code=$?; rm -f "$to"; exit $code; }
    wc -c <"$to"
    ;;
room)
    # A file of root's for a transfer, where there is room on a disk rather than in memory.
    for d in /var/tmp /tmp /run; do [ -d $d ] && [ -w $d ] && { mktemp "$d/.bedplate-XXXXXX" && exit 0; }; done
    fail 97 "there is no folder for temporary files"
    ;;
forget) on_path; rm -f -- "$BP_A" ;;
*) fail 97 "unknown operation $op" ;;
esac
)sh";
// clang-format on

}  // namespace vm
