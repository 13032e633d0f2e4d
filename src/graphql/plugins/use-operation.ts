import { type DocumentNode, getOperationAST, type OperationDefinitionNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { badInput } from '../bad-input.ts';
import { parseDocument } from '../request/parse-document.ts';
import type { ServerContext } from '../yoga.ts';

/** The operation that a request executes. */
export interface ChosenOperation {
  document: DocumentNode;
  operation: OperationDefinitionNode;
}

/** Reads the request, parses its document and chooses the operation, for the later steps. */
export function useOperation(): Plugin<ChosenOperation, ServerContext> {
  return {
    // Replaces Yoga's own parsers, which read a stream.
    onRequestParse({ serverContext, setRequestParser }) {
      setRequestParser(() => serverContext.read());
    },
    onParse({ setParseFn }) {
      setParseFn((source) => parseDocument(typeof source === 'string' ? source : source.body));
      return ({ result, context, extendContext }) => {
        if (result === null || result instanceof Error) return;
        const { operationName } = context.params;
        const operation = getOperationAST(result, operationName);
        if (operation) return extendContext({ document: result, operation });
        const message = operationName
          ? '`operationName` must name an operation of the document.'
          : 'The document must have one operation, or `operationName` must name the one to execute.';
        throw badInput(message, 'always');
      };
    },
  };
}
