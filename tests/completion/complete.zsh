# What zsh offers at the end of lines, in a shell of its own with a terminal of its own: for each line its offers, one a
# line, and an empty line.
#
#   zsh -f complete.zsh FOLDER LINE…        FOLDER holds _forebay
zmodload zsh/zpty || exit 4
work=$(mktemp -d) || exit 4
trap 'rm -rf $work' EXIT
export OFFERS=$work/offers ZDOTDIR=$work COMPLETIONS=$1
shift

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
bindkey '^U' kill-whole-line
RC

zpty line zsh -d -i
for line in "$@"; do
  : >$OFFERS
  zpty -w -n line $'\025'"$line"$'\t'
  for ((i = 0; i < 1000; ++i)); do
    zpty -r -t line seen
    [[ $(tail -n 1 $OFFERS) != '<end>' ]] || break
    sleep 0.02
  done
  if ((i == 1000)); then
    print -r -u 2 -- "zsh did not answer for: $line"
    exit 4
  fi
  grep -vxF -e '<end>' -e '' $OFFERS
  print
done
