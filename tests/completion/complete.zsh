# Prints what zsh offers at the end of a line, one a line, in a shell of its own with a terminal of its own:
#
#   zsh -f complete.zsh FOLDER LINE        FOLDER holds _forebay
zmodload zsh/zpty || exit 4
work=$(mktemp -d) || exit 4
trap 'rm -rf $work' EXIT
export OFFERS=$work/offers ZDOTDIR=$work COMPLETIONS=$1
: >$OFFERS

cat >$work/.zshrc <<'RC'
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit
compinit -u -D
# Notes what is added, and adds it. Calls that only look (-O, -A, -D) add nothing.
compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    local -a hits
    builtin compadd -A hits "$@"
    print -rl -- $hits >>$OFFERS
  fi
  builtin compadd "$@"
}
offer() {
  _main_complete "$@"
  print -r -- '<end>' >>$OFFERS
}
zle -C offer complete-word offer
bindkey '^I' offer
RC

zpty line zsh -d -i
zpty -w -n line "$2"$'\t'
for ((i = 0; i < 600; ++i)); do
  zpty -r -t line seen
  if [[ $(tail -n 1 $OFFERS) == '<end>' ]]; then
    grep -vxF -e '<end>' -e '' $OFFERS
    exit 0
  fi
  sleep 0.05
done
print -r -u 2 -- "zsh offered nothing for: $2"
exit 4
