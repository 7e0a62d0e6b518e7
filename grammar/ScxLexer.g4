// The words of the policy language. The lexer works on bytes and never fails:
// what belongs to no token of the language becomes a token of the last group,
// which compiler/syntax turns into a diagnostic that says what to write.
lexer grammar ScxLexer;

// Made by compiler/syntax from `{` and `}`: the braces of a set such as
// {1, 2}, as opposed to a block's.
tokens { SET_OPEN, SET_CLOSE }

// Keywords; all but `and`, `or` and `not` are also names (rule `name`).
LANGUAGE : 'language';
INCLUDE  : 'include';
POLICY   : 'policy';
LET      : 'let';
MATCH    : 'match';
LAYER    : 'layer';
LAYERS   : 'layers';
CELL     : 'cell';
CELLS    : 'cells';
ROOT     : 'root';
CLEANUP  : 'cleanup';
TEST     : 'test';
CHILD    : 'child';
OF       : 'of';
CORE     : 'core';
AND      : 'and';
OR       : 'or';
NOT      : 'not';

// A `-` stands inside a word, never at its end.
WORD : [A-Za-z_] [A-Za-z0-9_]* ('-' [A-Za-z0-9_]+)*;

// A number touches its unit. More than one `.` is a version of three parts.
NUMBER : '-'? [0-9]+ ('.' [0-9]+)* ('%' | [A-Za-z_] [A-Za-z0-9_]* ('/' [A-Za-z]+)?)?;
STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"';

LBRACE : '{';
RBRACE : '}';
LPAREN : '(';
RPAREN : ')';
SEMI   : ';';
COMMA  : ',';
STAR   : '*';
ASSIGN : '=';
DOTDOT : '..';
EQ : '==';
NE : '!=';
LT : '<';
LE : '<=';
GT : '>';
GE : '>=';

COMMENT : '#' ~[\r\n]* -> channel(HIDDEN);
SPACE   : [ \t\r\n\u000c]+ -> skip;

// Not the language: each has its own diagnostic.
OPEN_STRING   : '"' (~["\\\r\n] | '\\' ~[\r\n])* '\\'?;
SINGLE_QUOTED : '\'' ~['\r\n]* '\'';
BARE_PATH     : '/' [A-Za-z0-9_.] [A-Za-z0-9_./*@:+-]*;
SPACED_RATE   : [KMGT] 'i'? [Bb] '/' 's';
SPACED_PERCENT : '%';
C_COMMENT     : '/*';  // the reader of tokens looks for the end once, not at every `/*`
CPP_COMMENT   : '//' ~[\r\n]*;
AND_SIGN : '&&' | '&';
OR_SIGN  : '||' | '|';
NOT_SIGN : '!';
DOTS     : '...';
BOM      : '\u00ef\u00bb\u00bf';
UNKNOWN  : .;
