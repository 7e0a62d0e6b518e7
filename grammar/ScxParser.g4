// The shape of a policy. Declarations have rules of their own; the inside of a
// block is uniform, so that an unknown property is a question of meaning. Every
// decision needs one token of look-ahead: keep it so, the parser then never
// pays for ANTLR's adaptive prediction. compiler/syntax prepares the tokens
// (balanced braces, sets told from blocks) and reports all errors.
parser grammar ScxParser;
options { tokenVocab = ScxLexer; }

file : item* EOF;

item
  : languageDecl
  | includeDecl
  | policyDecl
  | letDecl
  | matchDecl
  | layerDecl
  | cellDecl
  | rootDecl
  | cleanupDecl
  | testDecl
  | unknownDecl
  | stray
  ;

languageDecl : LANGUAGE NUMBER SEMI;
includeDecl  : INCLUDE STRING SEMI;
policyDecl   : POLICY name block;
letDecl      : LET name ASSIGN term+ SEMI;
matchDecl    : MATCH name ASSIGN expression SEMI;
layerDecl    : (LAYER | LAYERS) name term* block;  // the first term is the layer's kind
cellDecl     : (CELL | CELLS) name term* block;
rootDecl     : ROOT CELL block;
cleanupDecl  : CLEANUP block;
testDecl     : TEST STRING block;
unknownDecl  : (WORD | CHILD | OF | CORE | AND | OR | NOT) term* ending;

block  : LBRACE statement* RBRACE;
ending : SEMI | block;

statement
  : layerDecl
  | matchProperty
  | property
  | stray
  ;

matchProperty : MATCH expression SEMI;
property
  : ( WORD | LANGUAGE | INCLUDE | POLICY | LET | CELL | CELLS | ROOT | CLEANUP | TEST | CHILD | OF | CORE
    | AND | OR | NOT ) term* ending;

// `not` binds tighter than `and`, `and` tighter than `or`; `child of` takes one primary.
expression  : conjunction (OR conjunction)*;
conjunction : unary (AND unary)*;
unary       : prefix* primary;
prefix      : NOT | CHILD OF;
primary     : LPAREN expression RPAREN | STAR | predicate;
predicate   : attribute operand*;  // or the name of a matcher
operand     : name | NUMBER | DOTDOT | STRING | set | comparison;

// A number with `core` after it and a range are joined by the reader: only it
// can tell `4.. 5` from `4..5` without look-ahead.
term : word | NUMBER | DOTDOT | STRING | set | comparison | STAR;

set        : SET_OPEN (member (COMMA member)*)? SET_CLOSE;
member     : (name | NUMBER | DOTDOT | STRING)+;
comparison : EQ | NE | LT | LE | GT | GE;

// What cannot begin a statement, up to the end of it; always an error.
stray      : strayToken (strayToken | word)* ending | SEMI | block;
strayToken : NUMBER | STRING | LPAREN | RPAREN | COMMA | STAR | ASSIGN | DOTDOT | set | comparison;

// `name` can name something, `word` is any word at all.
name : attribute | CHILD;
word : name | AND | OR | NOT;
attribute
  : WORD | LANGUAGE | INCLUDE | POLICY | LET | MATCH | LAYER | LAYERS | CELL | CELLS | ROOT | CLEANUP | TEST
  | OF | CORE;
