import { programName } from "../args/program-name.js";

/** The word with which the scripts request completions; not a command for users. */
export const completeWord = "__complete";

// The scripts put the answer into arrays and onto the command line as it is. They never evaluate any of it.

const bash = `# Completion of ${programName} for bash.
_smithers_client() {
  local line kind=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
  done < <(command ${programName} ${completeWord} bash "$COMP_WORDBREAKS" "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  case $kind in
    files) compopt -o default 2>/dev/null ;;
    directories) compopt -o dirnames 2>/dev/null ;;
    words) [[ \${COMPREPLY[0]-} == */ ]] && compopt -o nospace 2>/dev/null ;;
  esac
  return 0
}
complete -o nosort -F _smithers_client ${programName} 2>/dev/null || complete -F _smithers_client ${programName}
`;

const zsh = `#compdef ${programName}
# Completion of ${programName} for zsh.
_smithers_client() {
  local line word
  local -a answer offered shown
  answer=("\${(@f)$(command ${programName} ${completeWord} zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  case $answer[1] in
    files) _files ;;
    directories) _files -/ ;;
    words)
      for line in "\${(@)answer[2,-1]}"; do
        word=\${line%%$'\\t'*}
        if [[ $word == */ ]]; then
          compadd -S '' -- "$word"
        else
          offered+=("$word")
          shown+=("\${line#*$'\\t'}")
        fi
      done
      compadd -l -V ${programName} -d shown -a offered
      ;;
  esac
}
if [[ $funcstack[1] == _${programName} ]]; then
  _smithers_client "$@"
else
  compdef _smithers_client ${programName}
fi
`;

const fish = `# Completion of ${programName} for fish.
function __smithers_client_complete
    set -l typed (commandline -opc)
    set -e typed[1]
    set -l current (commandline -ct)
    set -l answer (command ${programName} ${completeWord} fish $typed "$current" 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path "$current"
        case directories
            __fish_complete_directories "$current" ''
        case words
            set -e answer[1]
            printf '%s\\n' $answer
    end
end
complete -c ${programName} -f -k -a '(__smithers_client_complete)'
`;

/** The script for each shell. It asks the binary for everything else. */
export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish };
